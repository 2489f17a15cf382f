// SPDX-License-Identifier: GPL-2.0-only
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.concurrent.Executors;

/** The same answers as httpd.c, by the JDK's own server. Arguments: PORT. */
public class Httpd {
	public static void main(String[] args) throws IOException {
		InetSocketAddress at = new InetSocketAddress(InetAddress.getLoopbackAddress(),
							     Integer.parseInt(args[0]));
		HttpServer server = HttpServer.create(at, 4096);

		server.createContext("/", Httpd::answer);
		server.setExecutor(Executors.newCachedThreadPool());
		server.start();
		System.out.println("listening " + server.getAddress().getPort());
	}

	private static void answer(HttpExchange exchange) throws IOException {
		String[] parts = exchange.getRequestURI().getPath().split("/");
		String what = parts.length > 2 ? parts[1] : "";
		int number = parts.length > 2 ? Integer.parseInt(parts[2]) : 0;
		int status = what.equals("status") ? number : 200;
		boolean chunked = what.equals("chunked");
		byte[] body = new byte[chunked || what.equals("bytes") ? number : 5];

		Arrays.fill(body, (byte) 'x');
		exchange.getRequestBody().readAllBytes();
		if (what.equals("sleep")) {
			try {
				Thread.sleep(number);
			} catch (InterruptedException e) {
				Thread.currentThread().interrupt();
			}
		}
		boolean none = status == 204 || status == 304
			|| exchange.getRequestMethod().equals("HEAD");
		exchange.sendResponseHeaders(status, none ? -1 : chunked ? 0 : body.length);
		if (!none) {
			try (OutputStream out = exchange.getResponseBody()) {
				out.write(body);
			}
		}
		exchange.close();
	}
}
