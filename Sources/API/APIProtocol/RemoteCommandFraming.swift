package import ObjectModel

/// The messages of exec and attach (`v5.channel.k8s.io`, KEP-4006): each begins with the number of its channel. Pure.
package enum RemoteCommandFraming {
    /// The subprotocols spoken over a WebSocket, best first. The older one lacks the end of input.
    package static let subprotocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"]
    /// The one spoken over SPDY.
    package static let streamProtocol = "v4.channel.k8s.io"

    /// The channels, by their number over a WebSocket.
    package enum Channel: UInt8, Sendable, Hashable, CaseIterable {
        case stdin = 0
        case stdout = 1
        case stderr = 2
        case status = 3
        case resize = 4

        /// What the stream of the channel calls itself over SPDY (header `streamtype`).
        package var streamType: String {
            switch self {
            case .stdin: "stdin"
            case .stdout: "stdout"
            case .stderr: "stderr"
            case .status: "error"
            case .resize: "resize"
            }
        }
    }

    /// The number that says that the channel named by the next byte has ended.
    private static let ended: UInt8 = 255

    /// The best subprotocol of those a client offers; nil when none is spoken here.
    package static func choose(from offered: [String]) -> String? { subprotocols.first(where: offered.contains) }

    /// The message that carries an output.
    package static func message(_ output: ExecOutput) -> [UInt8] {
        switch output {
        case .stdout(let bytes): message(.stdout, bytes)
        case .stderr(let bytes): message(.stderr, bytes)
        case .exit(let code, let message): statusMessage(exitStatus(code, message))
        }
    }

    /// The message that ends a session which did not begin.
    package static func message(_ failure: APIStatus) -> [UInt8] { statusMessage(failure.object) }

    /// The message that carries bytes of a channel.
    package static func message(_ channel: Channel, _ bytes: [UInt8]) -> [UInt8] { [channel.rawValue] + bytes }

    /// The message that ends a channel.
    package static func end(_ channel: Channel) -> [UInt8] { [ended, channel.rawValue] }

    /// What a client's message says; nil for what has no meaning.
    package static func input(_ message: [UInt8]) -> ExecInput? {
        guard let number = message.first else { return nil }
        let rest = Array(message.dropFirst())
        if number == ended { return rest.first == Channel.stdin.rawValue ? .endOfInput : nil }
        switch Channel(rawValue: number) {
        case .stdin: return rest.isEmpty ? nil : .stdin(rest)
        case .resize:
            guard let size = try? JSON.parse(rest), let width = size["Width"]?.int, let height = size["Height"]?.int,
                (1...Int(UInt16.max)).contains(width), (1...Int(UInt16.max)).contains(height)
            else { return nil }
            return .resize(width: width, height: height)
        default: return nil
        }
    }

    private static func statusMessage(_ status: Value) -> [UInt8] { message(.status, JSON.write(status)) }

    private static func exitStatus(_ code: Int?, _ message: String) -> Value {
        guard let code else {
            return [
                "metadata": [:], "status": "Failure", "reason": "InternalError", "message": .string(message),
                "code": 500,
            ]
        }
        guard code != 0 else { return ["metadata": [:], "status": "Success"] }
        let text = message.isEmpty ? "command terminated with non-zero exit code: exit code \(code)" : message
        return [
            "metadata": [:], "status": "Failure", "reason": "NonZeroExitCode", "message": .string(text),
            "details": ["causes": [["reason": "ExitCode", "message": .string(String(code))]]],
        ]
    }
}
