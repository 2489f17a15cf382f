/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The privileged helper's main program: it attaches programs, which the agent gives it, to the TLS libraries of processes
 * that the agent names. It reads no configuration and no argument: all it is told comes over the socket that the agent
 * leaves it (helper/start).
 */
#include <stdio.h>
#include <sys/socket.h>

#include "base/helper.h"
#include "helper/serve.h"

int main(void)
{
	int type = 0;
	socklen_t len = sizeof(type);

	if (getsockopt(HELPER_SOCKET, SOL_SOCKET, SO_TYPE, &type, &len) || type != SOCK_SEQPACKET) {
		fputs("sliprobe-helper: sliprobed starts it, it is of no use alone\n", stderr);
		return 2;
	}
	return serve();
}
