package import APIProtocol

/// The way to the API of a process that may write only while it leads: one that was held up, and comes back after its time,
/// writes nothing more. What it has sent before is on its way, and so is a write that it was held up in just after it asked.
package struct FencedTransport: APITransport {
    private let transport: any APITransport
    private let mayWrite: @Sendable () -> Bool

    /// A way that lets writes pass while `mayWrite` says so. Reads always pass.
    package init(_ transport: any APITransport, mayWrite: @escaping @Sendable () -> Bool) {
        self.transport = transport
        self.mayWrite = mayWrite
    }

    /// Passes a request on. A write out of time is as if the server were not reached: nothing was done.
    package func send(_ request: APIRequest) async throws(TransportError) -> APIResponse {
        switch request.method {
        case .get, .head, .options: break
        case .post, .put, .patch, .delete:
            guard mayWrite() else { throw .unreachable("this process does not lead any more") }
        }
        return try await transport.send(request)
    }
}
