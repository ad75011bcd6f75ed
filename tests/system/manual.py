# SPDX-License-Identifier: Apache-2.0
"""manual.py PAGE NAME REPORT: the examples of a manual page, or of a page in Markdown, on a file NAME are
of this report, but for what they leave out, "[...]", and for where lines break."""
import re
import sys


def words(text):
    return ' '.join(text.split())


page, name, report = open(sys.argv[1]).read(), sys.argv[2], words(open(sys.argv[3]).read())
blocks = re.findall(r'\n```[^\n]*\n(.*?)\n```' if sys.argv[1].endswith('.md') else
                    r'\n\.Bd -literal[^\n]*\n(.*?)\n\.Ed', page, re.S)
shown = [words(block.split('\n', 1)[1]) for block in blocks if block.split('\n')[0].endswith(' ' + name)]
if not shown:
    sys.exit(f'{name} is not in {sys.argv[1]}; the report is:\n{open(sys.argv[3]).read()}')
for piece in '[...]'.join(shown).split('[...]'):
    if piece.strip() not in report:
        sys.exit(f'{sys.argv[1]} says of {name}, and the report does not: {piece.strip()}\n{report}')
