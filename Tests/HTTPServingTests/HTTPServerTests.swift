import APIProtocol
import HTTPServing
import Logging
import ObjectModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTPServerTests {
    @Test func oneConnectionServesManyRequestsInOrder() async throws {
        try await withServer(mirror) { server, port in
            let client = try await RawClient(port: port)
            for number in 1...3 {
                try await client.send("GET /n/\(number)?a=b+c HTTP/1.1\r\nHost: x\r\n\r\n")
                let head = await client.read(until: "\r\n\r\n")
                #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && head.contains("Content-Length: 14\r\n"), "\(head)")
                #expect(await client.read(until: "a=b c") == "GET /n/\(number)\na=b c")
            }
            #expect(server.connectionCount == 1)
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await withServer(mirror) { _, port in
            let client = try await RawClient(port: port)
            try await client.send(
                (1...20).map { "POST /n/\($0) HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" }.joined())
            for number in 1...20 {
                _ = await client.read(until: "\r\n\r\n")
                #expect(await client.read(until: "3 bytes") == "POST /n/\(number)\n3 bytes")
            }
        }
    }

    @Test func headHasTheLengthButNoBody() async throws {
        try await withServer(mirror) { _, port in
            let client = try await RawClient(port: port)
            try await client.send("HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            let reply = await client.readToEnd()
            #expect(reply.contains("Content-Length: 7\r\n") && reply.hasSuffix("\r\n\r\n"), "\(reply)")
        }
    }

    @Test func tokensBecomeCredentialsAndLeaveTheHeader() async throws {
        try await withServer(mirror) { _, port in
            let client = try await RawClient(port: port)
            try await client.send(
                "GET /a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nConnection: close\r\n\r\n")
            #expect(await client.readToEnd().hasSuffix("\r\n\r\nGET /a\nbearer t"))
        }
    }

    @Test func expectContinueIsAnsweredBeforeTheBody() async throws {
        try await withServer(mirror) { _, port in
            let client = try await RawClient(port: port)
            try await client.send(
                "PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            #expect(await client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 100 Continue"))
            try await client.send("ok")
            #expect(await client.read(until: "2 bytes").hasPrefix("HTTP/1.1 200 OK"))
        }
    }

    @Test(arguments: ["Content-Length: 5000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n80000\r\n"])
    func tooLargeBodiesAreRefusedUnread(rest: String) async throws {
        var configuration = HTTPServerConfiguration()
        configuration.maximumBody = 0x40000
        try await withServer(mirror, configuration: configuration) { _, port in
            let client = try await RawClient(port: port)
            let body = String(repeating: "a", count: 0x80000)
            try await client.send("POST /a HTTP/1.1\r\nHost: x\r\n\(rest)\(body)")
            let reply = await client.readToEnd()
            #expect(reply.hasPrefix("HTTP/1.1 413 "), "\(reply)")
            #expect(reply.contains("Connection: close\r\n"))
            #expect(reply.contains("\"reason\":\"RequestEntityTooLarge\""))
        }
    }

    private func post(_ path: String, bytes: Int, token: String? = nil) -> String {
        let authorization = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        return "POST \(path) HTTP/1.1\r\nHost: x\r\n\(authorization)Content-Length: \(bytes)\r\n"
            + "Connection: close\r\n\r\n" + String(repeating: "a", count: bytes)
    }

    @Test func bodiesWithoutCredentialsAreShort() async throws {
        var configuration = HTTPServerConfiguration()
        configuration.maximumAnonymousBody = 1000
        try await withServer(mirror, configuration: configuration) { _, port in
            for (bytes, token, status) in [(1000, nil, 200), (1001, nil, 413), (1001, "t", 200)] {
                let client = try await RawClient(port: port)
                try await client.send(post("/a", bytes: bytes, token: token))
                #expect(await client.readToEnd().hasPrefix("HTTP/1.1 \(status) "), "\(bytes) \(token ?? "")")
            }
        }
    }

    @Test func bodiesUnderWayAreBoundedTogether() async throws {
        var configuration = HTTPServerConfiguration()
        configuration.maximumBodies = 4000
        let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
        let (releases, release) = AsyncStream.makeStream(of: Void.self)
        let slow = FunctionTransport { request in
            if request.path == "/slow" {
                arrived.yield()
                for await _ in releases { break }
            }
            return .text("\(request.body.count) bytes")
        }
        try await withServer(slow, configuration: configuration) { _, port in
            let first = try await RawClient(port: port)
            try await first.send(post("/slow", bytes: 2000, token: "t"))
            for await _ in arrivals { break }
            let second = try await RawClient(port: port)
            try await second.send(post("/a", bytes: 1001, token: "t"))
            let refused = await second.readToEnd()
            #expect(refused.hasPrefix("HTTP/1.1 429 ") && refused.contains("Retry-After: 1\r\n"), "\(refused)")
            let third = try await RawClient(port: port)
            try await third.send(post("/a", bytes: 1000, token: "t"))
            #expect(await third.readToEnd().hasSuffix("1000 bytes"))
            release.finish()
            #expect(await first.readToEnd().hasSuffix("2000 bytes"))
            let fourth = try await RawClient(port: port)
            try await fourth.send(post("/a", bytes: 3000, token: "t"))
            #expect(await fourth.readToEnd().hasSuffix("3000 bytes"))
        }
    }

    @Test(arguments: [
        ("GET /%zz HTTP/1.1", "HTTP/1.1 400 "), ("TRACE / HTTP/1.1", "HTTP/1.1 405 "), ("GARBAGE", "HTTP/1.1 400 "),
    ])
    func badRequestsAreAnsweredAndClosed(line: String, status: String) async throws {
        try await withServer(mirror) { _, port in
            let client = try await RawClient(port: port)
            try await client.send("\(line)\r\nHost: x\r\n\r\n")
            #expect(await client.readToEnd().hasPrefix(status))
        }
    }

    @Test func piecesOfAStreamAreFlushedOneByOne() async throws {
        let fed = FedStream()
        try await withServer(FunctionTransport { _ in APIResponse(code: 200, body: .stream(fed.stream)) }) { _, port in
            let client = try await RawClient(port: port)
            try await client.send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await client.read(until: "\r\n\r\n").lowercased().contains("transfer-encoding: chunked"))
            for piece in ["one", "two"] {
                fed.feed.yield(Array(piece.utf8))
                #expect(await client.read(until: "\(piece)\r\n") == "3\r\n\(piece)\r\n")
            }
            fed.feed.finish()
            #expect(await client.read(until: "0\r\n\r\n") == "0\r\n\r\n")
            #expect(await fed.wasCancelled())
        }
    }

    @Test func aClientThatGoesCancelsItsStream() async throws {
        let fed = FedStream()
        try await withServer(FunctionTransport { _ in APIResponse(code: 200, body: .stream(fed.stream)) }) { _, port in
            let client = try await RawClient(port: port)
            try await client.send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = await client.read(until: "\r\n\r\n")
            try await client.close()
            #expect(await fed.wasCancelled())
        }
    }

    @Test func aFailingStreamBreaksTheReplyOff() async throws {
        struct Broken: Error {}
        let stream = ByteStream(next: { throw Broken() })
        try await withServer(FunctionTransport { _ in APIResponse(code: 200, body: .stream(stream)) }) { _, port in
            let client = try await RawClient(port: port)
            try await client.send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(!(await client.readToEnd().hasSuffix("0\r\n\r\n")))
        }
    }

    @Test func stoppingEndsStreamsWell() async throws {
        let fed = FedStream()
        try await withServer(FunctionTransport { _ in APIResponse(code: 200, body: .stream(fed.stream)) }) {
            server, port in
            let client = try await RawClient(port: port)
            try await client.send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = await client.read(until: "\r\n\r\n")
            await server.stop()
            #expect(await client.readToEnd() == "0\r\n\r\n")
            #expect(await fed.wasCancelled())
        }
    }

    @Test func connectionsWithoutARequestAreClosed() async throws {
        var configuration = HTTPServerConfiguration()
        configuration.headerTimeout = .milliseconds(20)
        try await withServer(mirror, configuration: configuration) { _, port in
            let silent = try await RawClient(port: port)
            #expect(await silent.readToEnd() == "")
        }
    }

    @Test func connectionsThatWereUsedAreClosedWhenIdle() async throws {
        var configuration = HTTPServerConfiguration()
        configuration.idleTimeout = .milliseconds(20)
        try await withServer(mirror, configuration: configuration) { _, port in
            let once = try await RawClient(port: port)
            try await once.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await once.readToEnd().hasSuffix("GET /a"))
        }
    }

    @Test(arguments: ["", "GET /first HTTP/1.1\r\nHost: x\r\n\r\n"])
    func aSlowBodyIsAnswered408(behind first: String) async throws {
        var configuration = HTTPServerConfiguration()
        configuration.bodyTimeout = .milliseconds(50)
        configuration.idleTimeout = .milliseconds(500)
        try await withServer(mirror, configuration: configuration) { _, port in
            let client = try await RawClient(port: port)
            try await client.send(first + "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
            if !first.isEmpty { #expect(await client.read(until: "GET /first").hasPrefix("HTTP/1.1 200 ")) }
            #expect(await client.readToEnd().hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test func connectionsAboveTheLimitAreClosed() async throws {
        var configuration = HTTPServerConfiguration()
        configuration.maximumConnections = 1
        try await withServer(mirror, configuration: configuration) { _, port in
            let first = try await RawClient(port: port)
            try await first.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = await first.read(until: "GET /a")
            let second = try await RawClient(port: port)
            #expect(await second.readToEnd() == "")
        }
    }

    @Test func aTakenPortIsATypedError() async throws {
        try await withServer(mirror) { server, port in
            let address = ListenAddress(host: "127.0.0.1", port: port)
            await #expect(throws: HTTPServerError.addressInUse(address)) {
                try await server.addListener(host: "127.0.0.1", port: port)
            }
            let another = try await server.addListener(host: "127.0.0.1", port: 0)
            #expect(server.addresses.map(\.port) == [port, another])
        }
    }
}
