//! How often a request asks for memory. Exact, so a copy more is noticed.

use allocation_counter::measure;
use logto::HeaderCookies;
use logto_benches::{User, World, header};

#[tokio::test]
async fn a_remembered_token_costs_no_allocation() {
    let world = World::start().await;
    let header = header(&world.token(0));
    world.authorize(&header);
    let counted = measure(|| drop(world.authorize(&header)));
    assert_eq!((counted.count_total, counted.count_current), (0, 0), "{counted:?}");
}

#[test]
fn a_request_without_a_session_costs_no_allocation() {
    let user = User::recorded();
    let mut cookies = HeaderCookies::parse("theme=dark; lang=ko");
    let counted = measure(|| drop(user.get_context_of(&mut cookies)));
    assert_eq!((counted.count_total, counted.count_current), (0, 0), "{counted:?}");
}
