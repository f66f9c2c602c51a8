//! Each fault at each endpoint.
//!
//! What a naive implementation does instead: waits for ever (silence, drips), reads 100 MB, follows the redirect, takes the session away because
//! a refresh failed, overflows its stack (open brackets), takes half an answer for an answer, or says "error decoding response body".

use std::fmt::Write;

use crate::{
    detour::Obstacle,
    faults::{How, Row, rows},
    tls::Stranger,
    wire::{LEFT_AFTER, Wire, nobody},
    world::{Call, World, make},
};

/// How many faults are tried. `docs/testing.md` says the same.
const CASES: usize = 747;
/// What the crate takes of any answer.
const MAX_BODY: usize = 1024 * 1024;

/// Tries one column of the table.
async fn column(call: Call) {
    let endpoint = call.endpoint();
    let index = Call::ALL.iter().position(|known| *known == call).unwrap();
    let world = World::start().await;
    let clients = [false, true].map(|hasty| (world.plain(hasty), world.detoured(hasty)));
    let mut browser = world.site.signed_in("ada").await;
    let stranger = Stranger::start().await;
    let mut wrong = Vec::new();
    let (_port, nobody) = nobody();
    for Row { name, how, codes, slow } in rows().into_iter().filter(|row| !row.codes[index].is_empty()) {
        let (plain, detoured) = &clients[usize::from(slow)];
        let mut wire = None;
        let logto = match how {
            How::Mock(fault) => {
                world.site.mock.inject_fault(endpoint, fault);
                plain
            }
            How::Spoil(spoil) => {
                world.detour.set(endpoint, Obstacle::Spoil(spoil));
                detoured
            }
            How::Wire(script) => {
                let started = Wire::start(script).await;
                world.detour.set(endpoint, Obstacle::To(started.origin.clone()));
                wire = Some(started);
                detoured
            }
            How::Nobody => {
                world.detour.set(endpoint, Obstacle::To(nobody.clone()));
                detoured
            }
            How::Stranger => {
                world.detour.set(endpoint, Obstacle::To(stranger.origin.clone()));
                detoured
            }
        };
        let outcome = make(&world, call, logto, &mut browser).await;
        let expected = codes[index];
        if outcome.code != expected {
            wrong.push(format!("{name}: expected {expected}, got {} ({:?})", outcome.code, outcome.error));
        }
        if let Some(error) = &outcome.error {
            let message = error.to_string();
            assert!(!message.contains(['\r', '\n']) && message.len() < 2000, "{name}: {message}");
            assert!(!error.hint().is_empty(), "{name}: what to do");
            assert!(!error.requires_sign_in(), "{name}: nobody has to sign in again for it");
        }
        if let Some(wire) = wire {
            assert!(wire.said() < LEFT_AFTER, "{name}: the server was listened to for {} bytes", wire.said());
            assert_eq!(wire.trapped(), 0, "{name}: nobody goes where a redirect leads");
        }
        assert!(world.detour.largest() <= MAX_BODY, "{name}: {} bytes", world.detour.largest());

        // The user is still signed in; and when the server is good again, all is well.
        world.site.mock.clear_faults();
        world.detour.clear();
        let signed_in = world.site.is_signed_in(&browser).await;
        if call == Call::Revocation {
            assert!(!signed_in, "{name}: the session ends whatever Logto says");
            browser = world.site.signed_in("ada").await;
        } else {
            assert!(signed_in, "{name}: the session is kept");
        }
        world.wait();
        let again = make(&world, call, detoured, &mut browser).await;
        assert!(again.error.is_none(), "{name}: Logto is back, and yet: {:?}", again.error);
        if call == Call::Revocation {
            browser = world.site.signed_in("ada").await;
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[tokio::test]
async fn every_fault_of_discovery_is_reported_with_its_code() {
    column(Call::Discovery).await;
}

#[tokio::test]
async fn every_fault_of_the_key_set_is_reported_with_its_code() {
    column(Call::Keys).await;
}

#[tokio::test]
async fn every_fault_of_the_code_exchange_is_reported_with_its_code() {
    column(Call::Code).await;
}

#[tokio::test]
async fn every_fault_of_a_refresh_is_reported_with_its_code() {
    column(Call::Refresh).await;
}

#[tokio::test]
async fn every_fault_of_user_info_is_reported_with_its_code() {
    column(Call::UserInfo).await;
}

#[tokio::test]
async fn every_fault_of_introspection_is_reported_with_its_code() {
    column(Call::Introspection).await;
}

#[tokio::test]
async fn every_fault_of_revocation_still_signs_out() {
    column(Call::Revocation).await;
}

/// The page shows what is tried, row by row.
#[test]
fn the_documented_table_of_faults_is_the_tested_one() {
    let rows = rows();
    let mut table = String::new();
    for Row { name, codes, .. } in &rows {
        let cell = |code: &&str| match *code {
            "" => "–".to_owned(),
            "served" | "signed out" => (*code).to_owned(),
            code => format!("`{code}`"),
        };
        writeln!(table, "| {name} | {} |", codes.iter().map(cell).collect::<Vec<_>>().join(" | ")).unwrap();
    }
    let cases = rows.iter().flat_map(|row| row.codes).filter(|code| !code.is_empty()).count();
    println!("{cases} cases in {} rows:\n{table}", rows.len());
    assert_eq!(cases, CASES);
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/testing.md")).unwrap();
    assert!(page.contains(&table), "docs/testing.md has another table than this:\n{table}");
    assert!(page.contains(&format!("{cases} faults")), "docs/testing.md counts otherwise than {cases} faults");
}
