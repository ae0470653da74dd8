use super::*;

const READY_WITHIN: Duration = Duration::from_secs(3);
const SECOND: Duration = Duration::from_secs(1);

/// A life with a clock, and words for what it does.
struct Story {
    life: Life,
    now: Instant,
}

fn binary(name: &str) -> Rc<Binary> {
    Binary::new(name.into())
}

fn name(binary: &Binary) -> String {
    binary.path().parent().expect("its folder").display().to_string()
}

fn words(step: Step) -> String {
    match step {
        Step::Nothing => "-".to_owned(),
        Step::Start(binary, Why::First) => format!("start {}", name(&binary)),
        Step::Start(binary, Why::Swap) => format!("swap to {}", name(&binary)),
        Step::Start(binary, Why::RolledBack(reason)) => {
            format!("back to {}: {reason}", name(&binary))
        }
        Step::Start(binary, Why::Restarted(reason)) => format!("again {}: {reason}", name(&binary)),
        Step::AskToLeave => "ask to leave".to_owned(),
        Step::Kill => "kill".to_owned(),
        Step::Proven(binary) => format!("proven {}", name(&binary)),
        Step::GiveUp(reason) => format!("give up: {reason}"),
        Step::Quit => "quit".to_owned(),
    }
}

impl Story {
    fn new() -> Self {
        Self { life: Life::new(READY_WITHIN), now: Instant::now() }
    }

    fn built(&mut self, name: &str) -> String {
        words(self.life.built(binary(name), self.now))
    }

    fn ready(&mut self) -> String {
        words(self.life.ready(self.now))
    }

    fn dies(&mut self) -> String {
        words(self.life.ended(End::Died("panic".to_owned()), self.now))
    }

    fn hands_over(&mut self) -> String {
        words(self.life.ended(End::HandedOver, self.now))
    }

    /// Time passes, to the next deadline if that is nearer.
    fn wait(&mut self, time: Duration) -> String {
        self.now += time;
        match self.life.deadline() {
            Some(deadline) if deadline <= self.now => words(self.life.tick(self.now)),
            _ => "-".to_owned(),
        }
    }

    /// One proven viewer, `a`.
    fn with_proven() -> Self {
        let mut story = Self::new();
        assert_eq!(story.built("a"), "start a");
        assert_eq!(story.ready(), "-");
        assert_eq!(story.wait(PROOF), "proven a");
        story
    }

    fn swap(&mut self, name: &str) {
        assert_eq!(self.built(name), "ask to leave");
        assert_eq!(self.hands_over(), format!("swap to {name}"));
        assert_eq!(self.ready(), "-");
    }
}

#[test]
fn a_swap_asks_the_old_one_to_leave_first() {
    let mut story = Story::with_proven();
    story.swap("b");
    assert_eq!(story.wait(PROOF - SECOND), "-");
    assert_eq!(story.wait(SECOND), "proven b");
    assert_eq!(story.wait(PROOF), "-", "once");
}

#[test]
fn one_that_dies_before_its_first_frame_or_soon_after_goes_back() {
    let mut story = Story::with_proven();
    assert_eq!(story.built("b"), "ask to leave");
    assert_eq!(story.hands_over(), "swap to b");
    assert_eq!(story.dies(), "back to a: panic");
    assert_eq!(story.ready(), "-");
    story.swap("c");
    assert_eq!(story.wait(PROOF - SECOND), "-");
    assert_eq!(story.dies(), "back to a: panic");
}

#[test]
fn one_that_hangs_is_killed_and_goes_back() {
    let mut story = Story::with_proven();
    story.built("b");
    story.hands_over();
    assert_eq!(story.wait(READY_WITHIN - SECOND), "-");
    assert_eq!(story.wait(SECOND), "kill");
    assert_eq!(story.ready(), "-", "too late");
    assert_eq!(story.wait(PROOF), "-", "killed once");
    assert_eq!(story.dies(), "back to a: no first frame within 3000 ms");
}

#[test]
fn an_old_one_that_does_not_leave_is_killed() {
    let mut story = Story::with_proven();
    assert_eq!(story.built("b"), "ask to leave");
    assert_eq!(story.wait(LEAVE_WITHIN), "kill");
    assert_eq!(story.dies(), "swap to b");
}

#[test]
fn the_way_back_leads_over_what_ran_last_to_what_is_proven() {
    let mut story = Story::with_proven();
    story.swap("b");
    story.built("c");
    story.hands_over();
    assert_eq!(story.dies(), "back to b: panic");
    assert_eq!(story.dies(), "back to a: panic");
    assert_eq!(story.dies(), "again a: panic");
    assert_eq!(story.dies(), "again a: panic");
    assert_eq!(story.dies(), "give up: panic");
    assert_eq!(words(story.life.retry(story.now)), "start a");
}

#[test]
fn a_proven_one_that_is_killed_comes_back_unless_it_dies_and_dies() {
    let mut story = Story::with_proven();
    for _ in 0..5 {
        assert_eq!(story.dies(), "again a: panic");
        assert_eq!(story.ready(), "-");
        assert_eq!(story.wait(6 * SECOND), "-", "it need not prove itself again");
    }
    assert_eq!(story.dies(), "again a: panic");
    assert_eq!(story.dies(), "give up: panic");
    assert!(!story.life.has_viewer());
    assert_eq!(story.built("b"), "swap to b");
}

#[test]
fn the_first_one_has_nothing_to_go_back_to() {
    let mut story = Story::new();
    assert_eq!(story.built("a"), "start a");
    assert_eq!(story.dies(), "give up: panic");
    assert_eq!(words(story.life.retry(story.now)), "start a");
    story.ready();
    assert_eq!(story.dies(), "again a: panic", "it has run before");
}

#[test]
fn when_nothing_can_be_built_an_earlier_good_one_serves() {
    let mut story = Story::new();
    assert_eq!(words(story.life.fall_back(binary("good"), story.now)), "start good");
    story.ready();
    assert_eq!(story.built("a"), "ask to leave");
    assert_eq!(story.hands_over(), "swap to a");
    assert_eq!(story.dies(), "back to good: panic");
}

#[test]
fn builds_that_come_faster_than_viewers_start_are_not_all_shown() {
    let mut story = Story::with_proven();
    assert_eq!(story.built("b"), "ask to leave");
    assert_eq!(story.built("c"), "-");
    assert_eq!(story.hands_over(), "swap to c");
    assert_eq!(story.built("d"), "-");
    assert_eq!(story.built("e"), "-");
    assert_eq!(story.ready(), "ask to leave");
    assert_eq!(story.hands_over(), "swap to e");
    assert_eq!(story.built("f"), "-");
    assert_eq!(story.dies(), "swap to f", "the newer one may be the one that mends it");
    assert_eq!(story.dies(), "back to c: panic");
}

#[test]
fn leaving_ends_the_host_only_when_the_user_wanted_it() {
    let mut story = Story::with_proven();
    assert_eq!(story.hands_over(), "again a: left without having been asked to");
    story.ready();
    assert_eq!(words(story.life.ended(End::Quit, story.now)), "quit");
}
