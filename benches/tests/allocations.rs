//! How often a request with a token asks for memory. Exact, so a copy more is noticed.

use allocation_counter::measure;
use logto_benches::{World, header};

#[tokio::test]
async fn a_remembered_token_costs_no_allocation() {
    let world = World::start().await;
    let header = header(&world.token(0));
    world.authorize(&header);
    let counted = measure(|| drop(world.authorize(&header)));
    assert_eq!((counted.count_total, counted.count_current), (0, 0), "{counted:?}");
}
