//! An access token at an API, in time and allocations: `cargo bench` in this directory.

use divan::{AllocProfiler, Bencher, black_box};
use logto_benches::{MORE_THAN_REMEMBERED, World, header};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

fn world() -> World {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(World::start())
}

/// The signature is checked.
#[divan::bench]
fn first(bencher: Bencher<'_, '_>) {
    let world = world();
    let headers: Vec<_> = (0..MORE_THAN_REMEMBERED).map(|number| header(&world.token(number))).collect();
    let mut headers = headers.iter().cycle();
    bencher.bench_local(|| world.authorize(black_box(headers.next().expect("there are some"))));
}

/// The verdict is remembered.
#[divan::bench]
fn repeated(bencher: Bencher<'_, '_>) {
    let world = world();
    let header = header(&world.token(0));
    bencher.bench_local(|| world.authorize(black_box(&header)));
}

/// As `repeated`, from two threads: there is one lock on the way.
#[divan::bench(threads = [2])]
fn repeated_by_two_threads(bencher: Bencher<'_, '_>) {
    let world = world();
    let header = header(&world.token(0));
    bencher.bench(|| world.authorize(black_box(&header)));
}
