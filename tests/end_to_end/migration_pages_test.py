"""Every command of the pages docs/guide/migrate_from_*.md works, and prints what the page says."""
import unittest

import guide_page
import real_kernel


class Migration(unittest.TestCase):
    def test_from_the_original(self):
        guide_page.run(self, "migrate_from_original.md", 3)

    def test_from_agentgateway(self):
        guide_page.run(self, "migrate_from_agentgateway.md", 3)

    def test_from_srt(self):
        guide_page.run(self, "migrate_from_srt.md", 3)


if __name__ == "__main__":
    real_kernel.main()
