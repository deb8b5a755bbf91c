package import APIProtocol
internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// The API of another process over HTTPS: HTTP/2 where the server speaks it, else HTTP/1.1.
///
/// Replies with a length come whole; others, such as watches, as a stream that is pulled from the network as it is
/// read. Credentials of a request are not sent: the identity given here proves the caller. WebSocket upgrades are not
/// offered. Connecting may take 10 seconds; `replyTimeout` limits the wait for a reply's header.
package final class HTTPSTransport: APITransport, Sendable {
    private let base: String
    private let token: String?
    private let client: HTTPClient
    private let replyTimeout: Duration

    /// The longest reply with a length that is accepted; above it `.lostReply`.
    package static let maximumReply = 256 << 20

    /// A client of the server at `server`, such as `https://127.0.0.1:6443`. Call `shutdown()` when done.
    package init(
        server: String, identity: ClientIdentity, replyTimeout: Duration = .seconds(75)
    ) throws(ClientSetupError) {
        base = server.hasSuffix("/") ? String(server.dropLast()) : server
        token = identity.token
        self.replyTimeout = replyTimeout
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: try identity.tlsConfiguration(), redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(10)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        client = HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), configuration: configuration)
    }

    /// Closes every connection.
    package func shutdown() async { try? await client.shutdown() }

    /// Sends a request with this client's identity; cancelling the task gives it up.
    package func send(_ request: APIRequest) async throws(TransportError) -> APIResponse {
        let reply: HTTPClientResponse
        do {
            let limit = NIODeadline.now() + TimeAmount(replyTimeout)
            reply = try await client.execute(message(for: request.onTheWire), deadline: limit)
        } catch {
            throw Self.failure(error, to: "\(request.method.rawValue) \(base)\(request.path)")
        }
        var fields = HTTPFields()
        for (name, value) in reply.headers { fields.append(name, value) }
        let code = Int(reply.status.code)
        guard request.method == .head || reply.headers.contains(name: "content-length") || code == 204 else {
            return APIResponse(code: code, headers: fields, body: .stream(ReplyStream(reply.body).stream))
        }
        do {
            let body = try await reply.body.collect(upTo: Self.maximumReply)
            return APIResponse(code: code, headers: fields, body: .bytes(Array(body.readableBytesView)))
        } catch {
            throw Task.isCancelled ? .cancelled : .lostReply("the reply of \(base) broke off: \(error)")
        }
    }

    private func message(for request: APIRequest) -> HTTPClientRequest {
        var message = HTTPClientRequest(url: base + URLText.target(path: request.path, query: request.query))
        message.method = NIOHTTP1.HTTPMethod(rawValue: request.method.rawValue)
        for field in request.headers.all { message.headers.add(name: field.name, value: field.value) }
        if let token { message.headers.replaceOrAdd(name: "Authorization", value: "Bearer \(token)") }
        if !request.body.isEmpty { message.body = .bytes(ByteBuffer(bytes: request.body)) }
        return message
    }

    /// A failure to connect means that nothing happened; after that, nobody knows.
    private static func failure(_ error: any Error, to target: String) -> TransportError {
        if error is CancellationError || Task.isCancelled { return .cancelled }
        let unreached: [HTTPClientError] = [
            .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout, .invalidURL, .emptyHost,
            .alreadyShutdown,
        ]
        let isUnreached =
            error is NIOConnectionError || error is NIOSSLError || error is NIOSSLExtraError
            || (error as? HTTPClientError).map { unreached.contains($0) } ?? false
            || (error as? IOError)?.errnoCode == ECONNREFUSED
        return isUnreached ? .unreachable("\(target): \(error)") : .lostReply("\(target): \(error)")
    }
}

extension ClientIdentity {
    fileprivate func tlsConfiguration() throws(ClientSetupError) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        do {
            if let authority {
                configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8)))
            }
            if let certificateChain, let privateKey {
                configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(certificateChain.utf8))
                    .map { .certificate($0) }
                configuration.privateKey = .privateKey(
                    try NIOSSLPrivateKey(bytes: Array(privateKey.utf8), format: .pem))
            }
        } catch {
            throw .invalidIdentity("\(error)")
        }
        if trustsAnyServer { configuration.certificateVerification = .none }
        return configuration
    }
}
