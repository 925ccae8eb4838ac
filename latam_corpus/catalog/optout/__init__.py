"""The opt-outs of website owners: the signals in use, and the opt-outs in a single page.

`opt_out` names the signals and what each withholds; `page_opt_outs` reads the headers and the head of one
page. The files of a site, such as robots.txt, are read by `harvest.optout`.
"""
