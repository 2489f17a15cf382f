/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/top_screen.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#define NCURSES_WIDECHAR 1
#include <ncursesw/curses.h>

#include "base/cleanup.h"
#include "base/utf8.h"

enum {
	RESTORE_BYTES = 256,
	ESCAPE_DELAY_MS = 25,
	HEAT_PAIRS = 16, /* the number of the first colour pair of a heat map */
};

/* All that a signal handler may need. */
static struct {
	struct termios before;
	char restore[RESTORE_BYTES]; /* leaves the alternate screen, shows the cursor */
	size_t restore_len;
	volatile sig_atomic_t ended_by;
	volatile sig_atomic_t on;
} terminal;

static SCREEN *screen;
static bool utf8, coloured, many_colours;

/* ---- signals ---- */

static const int asking[] = {SIGINT, SIGTERM, SIGHUP};
static const int killing[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGQUIT, SIGTRAP};

static void on_asking(int signal)
{
	terminal.ended_by = signal;
}

/* Only what may be done in a handler (signal-safety(7)): write(2) and tcsetattr(3). */
static void on_killing(int signal)
{
	if (terminal.on) {
		terminal.on = 0;
		if (write(STDOUT_FILENO, terminal.restore, terminal.restore_len) < 0)
			_exit(1);
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal.before);
	}
	raise(signal); /* its meaning is the usual one again */
}

static void set_handlers(bool on)
{
	struct sigaction asked = {.sa_handler = on ? on_asking : SIG_DFL};
	struct sigaction killed = {.sa_handler = on ? on_killing : SIG_DFL,
				   .sa_flags = (int)(SA_RESETHAND | SA_NODEFER)};

	for (size_t i = 0; i < sizeof(asking) / sizeof(asking[0]); i++)
		sigaction(asking[i], &asked, NULL);
	for (size_t i = 0; i < sizeof(killing) / sizeof(killing[0]); i++)
		sigaction(killing[i], &killed, NULL);
}

int screen_ended_by(void)
{
	return terminal.ended_by;
}

/* ---- begin and end ---- */

static void add_restore(const char *capability)
{
	const char *text = tigetstr(capability);
	size_t len;

	if (!text || text == (const char *)-1)
		return;
	len = strlen(text);
	if (terminal.restore_len + len > sizeof(terminal.restore))
		return;
	memcpy(terminal.restore + terminal.restore_len, text, len);
	terminal.restore_len += len;
}

static void begin_colours(void)
{
	/* of the palette of 256, from dark to light; of 8: blue alone, the character says how much */
	static const short heats[SCREEN_HEATS] = {17, 18, 19, 20, 26, 32, 39, 117};
	static const short plain[SCREEN_LOOKS] = {
		[SCREEN_GOOD] = COLOR_GREEN,
		[SCREEN_WARN] = COLOR_YELLOW,
		[SCREEN_BAD] = COLOR_RED,
		[SCREEN_ACCENT] = COLOR_CYAN,
	};

	start_color();
	use_default_colors();
	many_colours = COLORS >= 256 && COLOR_PAIRS > HEAT_PAIRS + SCREEN_HEATS;
	for (int i = 0; i < SCREEN_LOOKS; i++) {
		if (plain[i])
			init_pair((short)(i + 1), plain[i], -1);
	}
	for (int i = 0; i < SCREEN_HEATS && many_colours; i++)
		init_pair((short)(HEAT_PAIRS + i), heats[i], heats[i]);
}

int screen_begin(bool colour)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    tcgetattr(STDIN_FILENO, &terminal.before))
		return -ENOTTY;
	setlocale(LC_CTYPE, "");
	utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return -ENODEV;
	terminal.restore_len = 0;
	add_restore("sgr0");
	add_restore("rmkx");
	add_restore("rmcup");
	add_restore("cnorm");
	terminal.on = 1;
	set_handlers(true);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_DELAY_MS);
	curs_set(0);
	coloured = colour && has_colors();
	if (coloured)
		begin_colours();
	return 0;
}

void screen_end(void)
{
	if (!terminal.on)
		return;
	endwin();
	terminal.on = 0;
	set_handlers(false);
	delscreen(screen);
	screen = NULL;
}

/* ---- keys ---- */

int screen_height(void)
{
	return LINES;
}

int screen_width(void)
{
	return COLS;
}

int screen_key(void)
{
	static const struct {
		int theirs, ours;
	} keys[] = {
		{ERR, SCREEN_KEY_NONE},
		{KEY_UP, SCREEN_KEY_UP},
		{KEY_DOWN, SCREEN_KEY_DOWN},
		{KEY_LEFT, SCREEN_KEY_LEFT},
		{KEY_RIGHT, SCREEN_KEY_RIGHT},
		{KEY_PPAGE, SCREEN_KEY_PAGE_UP},
		{KEY_NPAGE, SCREEN_KEY_PAGE_DOWN},
		{KEY_HOME, SCREEN_KEY_HOME},
		{KEY_END, SCREEN_KEY_END},
		{KEY_BACKSPACE, SCREEN_KEY_BACK},
		{27, SCREEN_KEY_BACK},
		{127, SCREEN_KEY_BACK},
		{8, SCREEN_KEY_BACK},
		{KEY_RESIZE, SCREEN_KEY_RESIZE},
		{KEY_ENTER, '\n'},
		{'\r', '\n'},
	};
	const int key = getch();

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].theirs == key)
			return keys[i].ours;
	}
	return key > 255 ? 0 : key;
}

/* ---- drawing ---- */

void screen_clear(void)
{
	erase();
}

void screen_clear_line(int y)
{
	move(y, 0);
	clrtoeol();
}

void screen_show(void)
{
	refresh();
}

static attr_t attributes(enum screen_look look)
{
	const attr_t colour = coloured ? COLOR_PAIR((int)look + 1) : 0;

	switch (look) {
	case SCREEN_DIM:
		return coloured ? A_DIM : 0;
	case SCREEN_BOLD:
		return A_BOLD;
	case SCREEN_GOOD:
	case SCREEN_WARN:
	case SCREEN_ACCENT:
		return colour;
	case SCREEN_BAD:
		return colour | A_BOLD;
	case SCREEN_CHOSEN:
		return A_REVERSE;
	default:
		return 0;
	}
}

/* How many columns the character takes; what cannot be drawn takes the one of a "?". */
static int columns_of(uint32_t code)
{
	const int columns = code < 127 ? 1 : utf8 ? wcwidth((wchar_t)code) : -1;

	return columns < 0 ? 1 : columns;
}

static bool can_draw(uint32_t code)
{
	return code < 127 || (utf8 && wcwidth((wchar_t)code) >= 0);
}

/* The bytes of `text` that `columns` columns have room for, and how many they take. */
static size_t bytes_within(const char *text, int columns, int *ret_columns)
{
	size_t at = 0, bytes;
	int used = 0;
	uint32_t code;

	while (text[at] && (bytes = utf8_decode(text + at, strlen(text + at), &code))) {
		if (used + columns_of(code) > columns)
			break;
		used += columns_of(code);
		at += bytes;
	}
	*ret_columns = used;
	return at;
}

static void add_bytes(const char *text, size_t len)
{
	size_t at = 0, bytes;
	uint32_t code;

	for (; at < len && (bytes = utf8_decode(text + at, len - at, &code)); at += bytes) {
		if (can_draw(code))
			addnstr(text + at, (int)bytes);
		else
			addch('?');
	}
}

int screen_text(int y, int x, int columns, enum screen_look look, const char *text)
{
	_cleanup_free_ char *safe = utf8_show(text ?: "-", "");
	size_t len;
	int used, all;

	if (!safe || columns <= 0 || y < 0 || y >= LINES || x < 0 || x >= COLS)
		return 0;
	if (columns > COLS - x)
		columns = COLS - x;
	attrset(attributes(look));
	move(y, x);
	len = bytes_within(safe, columns, &used);
	if (!safe[len]) {
		add_bytes(safe, len);
	} else {
		len = bytes_within(safe, columns - 1, &all);
		add_bytes(safe, len);
		addch('~');
		used = all + 1;
	}
	attrset(0);
	return used;
}

void screen_right(int y, int x, int columns, enum screen_look look, const char *text)
{
	const int len = (int)strlen(text);

	screen_text(y, x + (len < columns ? columns - len : 0), columns, look, text);
}

static void put(int y, int x, enum screen_look look, const char *wide, char narrow)
{
	if (y < 0 || y >= LINES || x < 0 || x >= COLS)
		return;
	attrset(attributes(look));
	if (utf8)
		mvaddstr(y, x, wide);
	else
		mvaddch(y, x, (chtype)(unsigned char)narrow);
	attrset(0);
}

void screen_bar(int y, int x, int columns, double ratio, enum screen_look look)
{
	const double full = (ratio < 0 ? 0 : ratio > 1 ? 1 : ratio) * columns;

	for (int i = 0; i < columns; i++) {
		if (full >= i + 0.5)
			put(y, x + i, look, "━", '#');
		else
			put(y, x + i, SCREEN_DIM, "─", '.');
	}
}

void screen_level(int y, int x, int level, enum screen_look look)
{
	static const char *const blocks[] = {"·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char letters[] = "_.:-=+*%#";

	if (level >= 0)
		put(y, x, look, blocks[level > 8 ? 8 : level], letters[level > 8 ? 8 : level]);
}

void screen_heat(int y, int x, int heat)
{
	static const char *const shades[] = {"·", "░", "░", "▒", "▒", "▓", "▓", "█"};
	static const char letters[] = ".:-=+*%#";

	if (heat <= 0 || y < 0 || y >= LINES || x < 0 || x >= COLS)
		return;
	heat = heat > SCREEN_HEATS ? SCREEN_HEATS : heat;
	if (!coloured || !many_colours) {
		put(y, x, SCREEN_ACCENT, shades[heat - 1], letters[heat - 1]);
		return;
	}
	attrset(COLOR_PAIR(HEAT_PAIRS + heat - 1));
	mvaddch(y, x, ' ');
	attrset(0);
}

int screen_words(int y, int x, int columns, int lines, enum screen_look look, const char *text)
{
	_cleanup_free_ char *safe = utf8_show(text ?: "", "");
	const char *at = safe ?: "";
	int line = 0;

	for (; *at && line < lines; line++) {
		int used;
		size_t len = bytes_within(at, columns, &used), cut = len;

		while (at[len] && cut && at[cut] != ' ')
			cut--;
		if (!cut)
			cut = len;
		if (!cut || y + line >= LINES)
			break;
		if (y + line >= 0 && x < COLS) {
			attrset(attributes(look));
			move(y + line, x);
			add_bytes(at, cut);
			attrset(0);
		}
		at += cut;
		at += strspn(at, " ");
	}
	return line;
}
