import Foundation
import NodeInterfaces
import Probing
import Synchronization
import Testing

@Suite struct SocketProberTests {
    /// Probes a server that stays until the answer is there: its end closes its connections.
    private func result(
        of server: LoopbackServer, _ prober: SocketProber, timeout: Duration = .seconds(60)
    ) async -> ProbeResult {
        defer { withExtendedLifetime(server) {} }
        return await prober.probe(server.probe, timeout: timeout)
    }

    @Test func aServerThatListensIsReached() async throws {
        let server = try LoopbackServer(reply: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        let prober = SocketProber()
        #expect(await prober.probe(.tcp(host: "127.0.0.1", port: server.port), timeout: .seconds(60)) == .success)
        #expect(await result(of: server, prober) == .success)
        await prober.shutdown()
    }

    @Test(arguments: [(204, true), (400, false), (503, false)])
    func theStatusCodeDecides(_ code: Int, _ healthy: Bool) async throws {
        let server = try LoopbackServer(
            reply: "HTTP/1.1 \(code) X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        let prober = SocketProber()
        let expected: ProbeResult = healthy ? .success : .unhealthy("HTTP probe failed with statuscode: \(code)")
        #expect(await result(of: server, prober) == expected)
        await prober.shutdown()
    }

    private static let sent: [(location: String, result: ProbeResult)] = [
        ("/ok", .success), ("ok?really", .success), ("http://127.0.0.1:PORT/ok", .success),
        ("/bad", .unhealthy("HTTP probe failed with statuscode: 500")),
        ("http://localhost:PORT/bad", .warning("Probe terminated redirects, Response body: moved")),
        ("//elsewhere.invalid/", .warning("Probe terminated redirects, Response body: moved")),
        ("", .warning("Probe terminated redirects, Response body: moved")),
        ("/healthz", .failure("Get \"http://127.0.0.1:PORT/healthz\": stopped after 10 redirects")),
    ]

    @Test(arguments: sent) func redirectsAreFollowedWithinTheHost(
        _ location: String, _ wanted: ProbeResult
    ) async throws {
        let server = try LoopbackServer { request in
            let port = request.split(separator: "127.0.0.1:").last?.prefix { $0.isNumber } ?? ""
            let (status, field) =
                switch request.split(separator: " ")[1] {
                case "/healthz": ("302 Found", "Location: \(location.replacing("PORT", with: port))\r\n")
                case "/ok", "/ok?really": ("200 OK", "")
                default: ("500 Oh", "")
                }
            return "HTTP/1.1 \(status)\r\n\(field)Content-Length: 5\r\nConnection: close\r\n\r\nmoved"
        }
        let prober = SocketProber()
        let port = "\(server.port)"
        var expected = wanted
        if case .failure(let text) = wanted { expected = .failure(text.replacing("PORT", with: port)) }
        #expect(await result(of: server, prober) == expected)
        await prober.shutdown()
    }

    @Test func aClosedPortFailsWithItsAddress() async throws {
        let port = try LoopbackServer(reply: "").close()
        let prober = SocketProber()
        guard case .failure(let text) = await prober.probe(.tcp(host: "127.0.0.1", port: port), timeout: .seconds(60))
        else {
            Issue.record("a closed port was reached")
            return
        }
        #expect(text == "dial tcp 127.0.0.1:\(port): connect: connection refused")
        await prober.shutdown()
    }

    @Test(.timeLimit(.minutes(1))) func aRefusedConnectionIsTheResultAtOnce() async throws {
        let port = try LoopbackServer(reply: "").close()
        let prober = SocketProber()
        let probe = NetworkProbe.http(scheme: "HTTP", host: "127.0.0.1", port: port, path: "/", headers: [])
        // One that tried again until its timeout would take an hour.
        guard case .failure(let text) = await prober.probe(probe, timeout: .seconds(3600)) else {
            Issue.record("a closed port answered")
            return
        }
        let address = "127.0.0.1:\(port)"
        #expect(text == "Get \"http://\(address)/\": dial tcp \(address): connect: connection refused")
        await prober.shutdown()
    }

    @Test func aSilentServerTimesOut() async throws {
        let server = try LoopbackServer(reply: nil)
        let prober = SocketProber()
        guard case .failure(let text) = await result(of: server, prober, timeout: .milliseconds(200)) else {
            Issue.record("a silent server answered")
            return
        }
        #expect(text.contains("deadline exceeded"))
        await prober.shutdown()
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"])
    func aServerThatSendsAHeadAndThenNothingTimesOut(_ field: String) async throws {
        let server = try LoopbackServer(reply: "HTTP/1.1 200 OK\r\n\(field)\r\n", endsReplies: false)
        let prober = SocketProber()
        // On a busy machine the head itself may be late, which is a failure of another kind.
        switch await result(of: server, prober, timeout: .milliseconds(300)) {
        case .unhealthy(let text), .failure(let text): #expect(text.contains("deadline exceeded"))
        case .success, .warning: Issue.record("half a reply was taken for one")
        }
        await prober.shutdown()
    }
}

/// A server on a free port that answers every connection once; nil never answers.
final class LoopbackServer: Sendable {
    let port: Int
    private let descriptor: Int32
    private let isOpen = Mutex(true)
    var probe: NetworkProbe { .http(scheme: "HTTP", host: "127.0.0.1", port: port, path: "/healthz", headers: []) }

    convenience init(reply: String?, endsReplies: Bool = true) throws {
        try self.init(endsReplies: endsReplies) { _ in reply }
    }

    /// Without `endsReplies` its side of a connection stays open after the reply.
    init(endsReplies: Bool = true, answer: @escaping @Sendable (_ request: String) -> String?) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        try #require(bound)
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread {
            while true {
                let client = accept(descriptor, nil, nil)
                guard client >= 0 else {
                    // Here and nowhere else: closed earlier, the number might be another server's at the next accept.
                    Glibc.close(descriptor)
                    return
                }
                // All of the request first, then nothing unread at the close: else the client sees a reset.
                var request: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 4096)
                while !String(decoding: request, as: UTF8.self).contains("\r\n\r\n") {
                    let count = recv(client, &buffer, buffer.count, 0)
                    guard count > 0 else { break }
                    request += buffer[..<count]
                }
                guard let reply = answer(String(decoding: request, as: UTF8.self)) else { continue }
                _ = reply.withCString { send(client, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
                if endsReplies { shutdown(client, Int32(SHUT_WR)) }
                while recv(client, &buffer, buffer.count, 0) > 0 {}
                Glibc.close(client)
            }
        }
    }

    @discardableResult
    func close() -> Int {
        // Once: afterwards the thread has closed the socket, and the number may be another's.
        let isFirst = isOpen.withLock { isOpen in
            defer { isOpen = false }
            return isOpen
        }
        guard isFirst else { return port }
        shutdown(descriptor, Int32(SHUT_RDWR))
        return port
    }

    deinit { close() }
}
