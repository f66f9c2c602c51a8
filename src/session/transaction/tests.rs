use super::*;

fn begun() -> Transaction {
    let mut transaction =
        Transaction::of([7; 32], "https://app.test/callback".into(), "https://app.test/books".into(), 1_795_385_584);
    transaction.max_age = Some(300);
    transaction.acr_values = Some("urn:logto:acr:mfa".into());
    transaction
}

#[test]
fn only_a_silent_sign_in_adds_a_byte_to_the_transaction() {
    let plain = begun().to_bytes().unwrap();
    assert_eq!(Transaction::from_bytes(&plain).unwrap().silent, None);
    for (silent, last) in [(Silent::Probe, 1), (Silent::SignIn, 2), (Silent::Once, 5)] {
        let mut transaction = begun();
        transaction.silent = Some(silent);
        let bytes = transaction.to_bytes().unwrap();
        assert_eq!(bytes.split_last(), Some((&last, plain.as_slice())));
        let back = Transaction::from_bytes(&bytes).unwrap();
        assert_eq!((back.silent, back.max_age, &back.acr_values), (Some(silent), Some(300), &transaction.acr_values));
        assert_eq!((&back.state, &back.return_to), (&transaction.state, &transaction.return_to));
        // A version that does not know of it reads a plain sign-in.
        let written: Written<'_> = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(written.max_age, Some(300));
    }
}

#[test]
fn only_the_first_request_of_a_silent_sign_in_keeps_its_hints() {
    let mut transaction = begun();
    transaction.hints = Hints { organization_id: Some("org-acme".into()), ..Hints::default() };
    let plain = begun().to_bytes().unwrap();
    assert_eq!(transaction.to_bytes().unwrap(), plain, "of no other sign-in");
    transaction.silent = Some(Silent::SignIn);
    assert_eq!(transaction.to_bytes().unwrap().split_last(), Some((&2, plain.as_slice())), "nor of the second request");
    transaction.silent = Some(Silent::Probe);
    let bytes = transaction.to_bytes().unwrap();
    let back = Transaction::from_bytes(&bytes).unwrap();
    assert!(back.silent == transaction.silent && back.hints == transaction.hints);
    for end in plain.len() + 2..bytes.len() {
        assert_eq!(Transaction::from_bytes(&bytes[..end]).unwrap().silent, None, "half of it means nothing");
    }
}

#[test]
fn a_state_of_the_application_is_written_behind_the_rest() {
    let plain = begun().to_bytes().unwrap();
    let hints = Hints { organization_id: Some("org-acme".into()), ..Hints::default() };
    for (silent, hints, first) in [
        (None, Hints::default(), 3),
        (Some(Silent::SignIn), Hints::default(), 4),
        (Some(Silent::Probe), Hints::default(), 1),
        (Some(Silent::Probe), hints, 1),
    ] {
        let mut transaction = begun();
        (transaction.silent, transaction.hints) = (silent, hints);
        transaction.app_state = Some(AppJson::from_written("{\"plan\":\"pro\"}"));
        let bytes = transaction.to_bytes().unwrap();
        assert_eq!((&bytes[..plain.len()], bytes[plain.len()]), (plain.as_slice(), first));
        let back = Transaction::from_bytes(&bytes).unwrap();
        assert!(back.silent == silent && back.hints == transaction.hints, "{silent:?}");
        assert_eq!((&back.app_state, &back.return_to), (&transaction.app_state, &transaction.return_to));
        // A version that does not know of it reads the rest.
        let written: Written<'_> = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(written.max_age, Some(300));
    }
}

#[test]
fn unknown_bytes_behind_a_stored_sign_in_are_ignored() {
    let plain = begun().to_bytes().unwrap();
    for rest in [&[0][..], &[4], &[255], &[1, 1], &[2, 0], &[3, 0]] {
        let bytes = [plain.as_slice(), rest].concat();
        assert_eq!(Transaction::from_bytes(&bytes).unwrap().silent, None, "{rest:?}");
    }
}
