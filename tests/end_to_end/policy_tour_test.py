"""Every command of docs/guide/policy_tour.md works, and prints what the page says."""
import unittest

import guide_page
import real_kernel


class Tour(unittest.TestCase):
    def test_every_command_of_the_page(self):
        guide_page.run(self, "policy_tour.md", 10)


if __name__ == "__main__":
    real_kernel.main()
