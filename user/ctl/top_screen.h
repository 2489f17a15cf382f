/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The terminal that slictl top draws on (ncursesw). It is left as it was found, however the program ends: by its own
 * doing, by a signal that asks it to, or by one that kills it.
 *
 * All text from outside is drawn by screen_text(): what could command or deceive a terminal is written out, and a text is
 * cut by columns, not by bytes.
 */
#ifndef SLIPROBE_CTL_TOP_SCREEN_H
#define SLIPROBE_CTL_TOP_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

enum screen_look {
	SCREEN_PLAIN,
	SCREEN_DIM,
	SCREEN_BOLD,
	SCREEN_GOOD,
	SCREEN_WARN,
	SCREEN_BAD,
	SCREEN_ACCENT,
	SCREEN_CHOSEN, /* the row that the keys act on: without colour, too */
	SCREEN_LOOKS,
};

enum {
	SCREEN_HEATS = 8, /* looks of a heat map, from little to much */
	SCREEN_KEY_NONE = -1, /* no key waits */
	/* as of ncurses; those of other keys are what they type */
	SCREEN_KEY_UP = 1 << 16,
	SCREEN_KEY_DOWN,
	SCREEN_KEY_LEFT,
	SCREEN_KEY_RIGHT,
	SCREEN_KEY_PAGE_UP,
	SCREEN_KEY_PAGE_DOWN,
	SCREEN_KEY_HOME,
	SCREEN_KEY_END,
	SCREEN_KEY_BACK, /* escape, backspace */
	SCREEN_KEY_RESIZE,
};

/* Returns 0; -ENOTTY if input or output is no terminal; -ENODEV if nothing is known of it (TERM). */
int screen_begin(bool colour);
void screen_end(void);

/* The signal that has asked the program to end; 0: none. It gets its usual meaning back by screen_end(). */
int screen_ended_by(void);

int screen_height(void);
int screen_width(void);
/* The next key that was pressed. Escape is told from the keys that begin with it. */
int screen_key(void);

void screen_clear(void);
void screen_clear_line(int y);
void screen_show(void);

/*
 * Draws at most `columns` columns of the text, and returns how many it took. A longer one ends in "~". NULL is "-".
 */
int screen_text(int y, int x, int columns, enum screen_look look, const char *text);
/* Likewise, at the right end of the columns. */
void screen_right(int y, int x, int columns, enum screen_look look, const char *text);
/* 0 .. 1 as a bar of that many columns. */
void screen_bar(int y, int x, int columns, double ratio, enum screen_look look);
/* 0 .. 8: empty to full; below 0: nothing is known. */
void screen_level(int y, int x, int level, enum screen_look look);
/* 0: nothing; up to SCREEN_HEATS. */
void screen_heat(int y, int x, int heat);
/* Words over several lines, at most `lines`. Returns how many it took. */
int screen_words(int y, int x, int columns, int lines, enum screen_look look, const char *text);

#endif
