/* SPDX-License-Identifier: GPL-2.0-only */
/* libbpf's complaint about a load or an attachment, for the sentence that explains the failure. */
#ifndef SLIPROBE_KERNEL_COMPLAINT_H
#define SLIPROBE_KERNEL_COMPLAINT_H

enum { PROBE_COMPLAINT_BYTES = 200 };

/* From here on libbpf's first complaint is kept, and nothing it says is printed. */
void probe_listen(void);

/* Keeps `text` as the complaint, in place of libbpf's. */
void probe_complain(const char *text);

/* The complaint since probe_listen(), else the text of the error (-errno). */
const char *probe_complaint(int error);

#endif
