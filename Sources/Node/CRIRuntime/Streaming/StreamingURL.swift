/// Where the runtime's streaming server waits for a client: `http://HOST:PORT/PATH`.
struct StreamingURL: Sendable, Hashable {
    let host: String
    let port: Int
    let path: String

    init?(_ text: String) {
        let scheme = "http://"
        guard text.hasPrefix(scheme) else { return nil }
        let rest = text.dropFirst(scheme.count)
        guard let slash = rest.firstIndex(of: "/"), let colon = rest[..<slash].lastIndex(of: ":"),
            let port = Int(rest[rest.index(after: colon)..<slash]), (1...65535).contains(port)
        else { return nil }
        host = rest[..<colon].filter { $0 != "[" && $0 != "]" }
        self.port = port
        path = String(rest[slash...])
    }
}
