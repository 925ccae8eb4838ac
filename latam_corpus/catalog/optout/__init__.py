"""Read the opt-outs of website owners: the signals in use, and the opt-outs in a single page.

`opt_out` defines the signals and the uses that each withholds; `page_opt_outs` reads the headers and the head of a
page. The files of a site, such as robots.txt, are read by `harvest.optout`.
"""
