"""What several tests need: generators, fakes, jobs. No tests here."""
