//! One step, done some times, for callgrind: `benches/instructions.sh` counts the instructions of `counted`.

use std::{env::args, hint::black_box};

use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED, ParsedPublicKey};
use logto_benches::{Delivery, User, World, header, point, signed_parts};

const TIMES: usize = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let world = World::start().await;
    let tokens: Vec<_> = (0..=TIMES).map(|number| world.token(number)).collect();
    let headers: Vec<_> = tokens.iter().map(|token| header(token)).collect();
    match args().nth(1).as_deref() {
        Some("bare") => {
            let key = ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point(&world.jwk)).expect("the key is right");
            let parts: Vec<_> = tokens.iter().map(|token| signed_parts(token)).collect();
            counted(|time| key.verify_sig(&parts[time].0, &parts[time].1).expect("the signature is right"));
        }
        Some("first") => counted(|time| drop(black_box(world.authorize(&headers[time])))),
        Some("repeated") => {
            world.authorize(&headers[0]);
            counted(|_| drop(black_box(world.authorize(&headers[0]))));
        }
        Some("read") => user(&User::recorded(), User::get_context),
        Some("read-100") => user(&User::in_organizations(100), User::get_context),
        Some("write") => user(&User::recorded(), User::write),
        Some("change") => user(&User::recorded(), User::change),
        Some("nobody") => user(&User::recorded(), User::nobody),
        Some("delivery") => {
            let delivery = Delivery::of_4_kb();
            delivery.verify();
            counted(|_| drop(black_box(delivery.verify())));
        }
        other => panic!("{other:?} is none of the steps"),
    }
}

fn user<T>(user: &User, step: fn(&User) -> T) {
    step(user);
    counted(|_| drop(black_box(step(user))));
}

#[inline(never)]
fn counted(mut step: impl FnMut(usize)) {
    for time in 0..TIMES {
        step(time);
    }
}
