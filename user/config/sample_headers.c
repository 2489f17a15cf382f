/* SPDX-License-Identifier: GPL-2.0-only */
#include "config/sample_headers.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

bool sample_header_is_secret(const char *name)
{
	static const char *const names[] = {
		"authorization",
		"proxy-authorization",
		"authentication-info",
		"proxy-authentication-info",
		"www-authenticate",
		"proxy-authenticate",
		"cookie",
		"cookie2",
		"set-cookie",
		"set-cookie2",
		"dpop",
		"apikey",
		"token",
		"x-auth",
		"x-authorization",
		"x-forwarded-authorization",
		"x-forwarded-client-cert",
		"x-original-authorization",
		"x-jwt-assertion",
		"x-goog-iap-jwt-assertion",
		"x-amzn-oidc-data",
		"x-amzn-oidc-accesstoken",
		"cf-access-jwt-assertion",
		"sec-websocket-key",
	};
	static const char *const endings[] = {
		"-token",      "-secret",      "-password", "-passwd",	  "-key",
		"-apikey",     "-signature",   "-session",  "-sessionid", "-cookie",
		"-credential", "-credentials", "-jwt",	    "-bearer",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcasecmp(name, names[i]))
			return true;
	}
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (text_ends_in_any_case(name, endings[i]))
			return true;
	}
	return false;
}
