// SPDX-License-Identifier: GPL-2.0-only

// A gRPC server by the C++ library: grpcd.py says what it does. Arguments: PORT [CERT KEY].
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <thread>

namespace {

std::map<std::string, int> words(const grpc::ByteBuffer &message)
{
	std::map<std::string, int> said = {{"size", 5}, {"count", 1}};
	std::vector<grpc::Slice> slices;
	std::string text, word;

	message.Dump(&slices);
	for (const auto &slice : slices)
		text.append(reinterpret_cast<const char *>(slice.begin()), slice.size());
	std::istringstream in(text);
	while (in >> word) {
		auto equals = word.find('=');
		said[word.substr(0, equals)] = std::stoi(word.substr(equals + 1));
	}
	return said;
}

// One call. It deletes itself once it is done.
class Call : public grpc::ServerGenericBidiReactor
{
	grpc::GenericCallbackServerContext *context;
	std::string method;
	grpc::ByteBuffer in, out;
	std::map<std::string, int> said;
	int left = 0;

	void end(int status)
	{
		if (said["big"])
			context->AddTrailingMetadata("x-big", std::string(said["big"], 'm'));
		Finish(grpc::Status(static_cast<grpc::StatusCode>(status), status ? "as was said" : ""));
	}

	void go_on()
	{
		if (left > 0) {
			left--;
			StartWrite(&out);
		} else if (said["status"] || method != "Chat") {
			end(said["status"]);
		} else {
			StartRead(&in);
		}
	}

	void obey()
	{
		std::string body(said["size"], 'x');
		grpc::Slice slice(body);

		out = grpc::ByteBuffer(&slice, 1);
		left = !said["status"] || said["count"] > 1 ? said["count"] : 0;
		if (!said["delay_ms"])
			return go_on();
		std::thread([this] {
			std::this_thread::sleep_for(std::chrono::milliseconds(said["delay_ms"]));
			go_on();
		}).detach();
	}

public:
	explicit Call(grpc::GenericCallbackServerContext *of) : context(of)
	{
		std::string path = context->method(), service = "/e2e.Echo/";

		if (path.compare(0, service.size(), service) != 0) {
			Finish(grpc::Status(grpc::UNIMPLEMENTED, "no such service"));
			return;
		}
		method = path.substr(service.size());
		StartRead(&in);
	}

	void OnReadDone(bool ok) override
	{
		if (ok) {
			said = words(in);
			if (method == "Upload")
				StartRead(&in);
			else
				obey();
		} else if (method == "Upload") {
			obey();
		} else {
			end(0);
		}
	}

	void OnWriteDone(bool ok) override
	{
		if (!ok)
			left = 0;
		go_on();
	}

	void OnDone() override { delete this; }
};

class Service : public grpc::CallbackGenericService
{
	grpc::ServerGenericBidiReactor *CreateReactor(grpc::GenericCallbackServerContext *context) override
	{
		return new Call(context);
	}
};

std::string file(const char *name)
{
	std::ifstream in(name);
	std::stringstream text;

	text << in.rdbuf();
	return text.str();
}

} // namespace

int main(int argc, char **argv)
{
	std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
	grpc::ServerBuilder builder;
	Service service;
	int port = 0;

	if (argc > 3) {
		grpc::SslServerCredentialsOptions options;
		options.pem_key_cert_pairs.push_back({file(argv[3]), file(argv[2])});
		credentials = grpc::SslServerCredentials(options);
	}
	builder.AddListeningPort(std::string("127.0.0.1:") + argv[1], credentials, &port);
	builder.RegisterCallbackGenericService(&service);
	auto server = builder.BuildAndStart();
	if (!server)
		return 1;
	std::printf("listening %d\n", port);
	std::fflush(stdout);
	server->Wait();
}
