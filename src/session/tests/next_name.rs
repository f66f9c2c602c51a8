use super::*;
use crate::session::{NextCookie, SessionFormat};

/// Anyone below the domain can set it, and no prefix keeps them from it.
#[test]
fn a_session_of_ours_under_the_name_of_logto_next_is_none() {
    let mut jar = Jar::default();
    write(&settings_of("app", false), &mut jar, session("{}"), NOW);
    assert_eq!(jar.0.keys().collect::<Vec<_>>(), ["logto_app"]);
    let next = NextCookie::new(SessionFormat::FromNext, "app", &Secret::new(SECRET), &[]);
    assert_eq!(read(&settings_of("app", true).with_next(next), &jar, NOW), None);
    assert!(read(&settings_of("app", false), &jar, NOW).is_some());
}
