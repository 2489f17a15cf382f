/* SPDX-License-Identifier: GPL-2.0-only */
#include "page/parts.h"

/* The assembler reads the file; the paths are from the tree's root, where the compiler runs. */
#define PART(name, file)                                                                           \
	extern const char name##_begin[], name##_end[];                                            \
	asm(".pushsection .rodata\n"                                                               \
	    ".global " #name "_begin\n" #name "_begin:\n"                                          \
	    ".incbin \"user/page/" file "\"\n"                                                     \
	    ".global " #name "_end\n" #name "_end:\n"                                              \
	    ".byte 0\n"                                                                            \
	    ".popsection\n")

/* In the order of the page. */
#define SCRIPTS(X)                                                                                 \
	X(page_js_dom, "dom.js")                                                                   \
	X(page_js_format, "format.js")                                                             \
	X(page_js_data, "data.js")                                                                 \
	X(page_js_chart, "chart.js")                                                               \
	X(page_js_heat, "heat.js")                                                                 \
	X(page_js_slos, "slos.js")                                                                 \
	X(page_js_slo, "slo.js")                                                                   \
	X(page_js_why, "why.js")                                                                   \
	X(page_js_services, "services.js")                                                         \
	X(page_js_events, "events.js")                                                             \
	X(page_js_incidents, "incidents.js")                                                       \
	X(page_js_main, "main.js")

PART(page_html, "page.html");
PART(page_css, "page.css");
#define X(name, file) PART(name, file);
SCRIPTS(X)
#undef X

const struct page_part page_frame = {page_html_begin, page_html_end};
const struct page_part page_style = {page_css_begin, page_css_end};
const struct page_part page_scripts[] = {
#define X(name, file) {name##_begin, name##_end},
	SCRIPTS(X)
#undef X
		{},
};
