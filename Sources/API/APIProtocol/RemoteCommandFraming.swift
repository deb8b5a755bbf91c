package import ObjectModel

/// The frames of exec over a WebSocket (`v5.channel.k8s.io`, KEP-4006): a binary message begins with the number of its
/// channel. Pure.
package enum RemoteCommandFraming {
    /// The subprotocols spoken, best first. The older one lacks the end of input.
    package static let subprotocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"]

    private enum Channel {
        static let stdin: UInt8 = 0
        static let stdout: UInt8 = 1
        static let stderr: UInt8 = 2
        static let status: UInt8 = 3
        static let resize: UInt8 = 4
        static let close: UInt8 = 255
    }

    /// The best subprotocol of those a client offers; nil when none is spoken here.
    package static func choose(from offered: [String]) -> String? { subprotocols.first(where: offered.contains) }

    /// The message that carries an output.
    package static func message(_ output: ExecOutput) -> [UInt8] {
        switch output {
        case .stdout(let bytes): [Channel.stdout] + bytes
        case .stderr(let bytes): [Channel.stderr] + bytes
        case .exit(let code, let message): statusMessage(exitStatus(code, message))
        }
    }

    /// The message that ends a session which did not begin.
    package static func message(_ failure: APIStatus) -> [UInt8] { statusMessage(failure.object) }

    /// What a client's message says; nil for what has no meaning.
    package static func input(_ message: [UInt8]) -> ExecInput? {
        guard let channel = message.first else { return nil }
        let rest = Array(message.dropFirst())
        switch channel {
        case Channel.stdin: return rest.isEmpty ? nil : .stdin(rest)
        case Channel.resize:
            guard let size = try? JSON.parse(rest), let width = size["Width"]?.int, let height = size["Height"]?.int,
                (1...Int(UInt16.max)).contains(width), (1...Int(UInt16.max)).contains(height)
            else { return nil }
            return .resize(width: width, height: height)
        case Channel.close: return rest.first == Channel.stdin ? .endOfInput : nil
        default: return nil
        }
    }

    private static func statusMessage(_ status: Value) -> [UInt8] { [Channel.status] + JSON.write(status) }

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
