package import ObjectModel

/// Which lines of a container's log are wanted (`GET …/pods/NAME/log`).
package struct LogRequest: Sendable, Hashable {
    /// The pod.
    package var pod: NamespacedName
    /// The pod's uid.
    package var podUID: String
    /// The container.
    package var container: String
    /// Keep sending what is appended.
    package var follow = false
    /// The log of the instance before.
    package var previous = false
    /// Put each line's time before it.
    package var timestamps = false
    /// Only this many lines from the end; nil is all.
    package var tailLines: Int?
    /// At most this many bytes; nil is no limit.
    package var limitBytes: Int?
    /// Only lines at or after this time.
    package var since: Timestamp?

    /// The whole log of a container.
    package init(pod: NamespacedName, podUID: String, container: String) {
        self.pod = pod
        self.podUID = podUID
        self.container = container
    }
}

/// A command to run in a container.
package struct ExecRequest: Sendable, Hashable {
    /// The pod.
    package var pod: NamespacedName
    /// The pod's uid.
    package var podUID: String
    /// The container.
    package var container: String
    /// The command and its arguments.
    package var command: [String]
    /// Whether input is sent.
    package var stdin: Bool
    /// Whether output is wanted.
    package var stdout: Bool
    /// Whether error output is wanted (merged into output with a terminal).
    package var stderr: Bool
    /// Whether to allocate a terminal.
    package var tty: Bool

    /// A command.
    package init(
        pod: NamespacedName, podUID: String, container: String, command: [String], stdin: Bool = false,
        stdout: Bool = true, stderr: Bool = true, tty: Bool = false
    ) {
        self.pod = pod
        self.podUID = podUID
        self.container = container
        self.command = command
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.tty = tty
    }
}

/// A wish to see and feed a container's first process.
package struct AttachRequest: Sendable, Hashable {
    /// The pod.
    package var pod: NamespacedName
    /// The pod's uid.
    package var podUID: String
    /// The container.
    package var container: String
    /// Whether input is sent.
    package var stdin: Bool
    /// Whether output is wanted.
    package var stdout: Bool
    /// Whether error output is wanted (a container with a terminal has none).
    package var stderr: Bool

    /// A wish.
    package init(
        pod: NamespacedName, podUID: String, container: String, stdin: Bool = false, stdout: Bool = true,
        stderr: Bool = true
    ) {
        self.pod = pod
        self.podUID = podUID
        self.container = container
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
    }
}

/// A connection into a pod.
package struct PortForwardRequest: Sendable, Hashable {
    /// The pod.
    package var pod: NamespacedName
    /// The pod's uid.
    package var podUID: String
    /// The TCP port, which a process of the pod listens at on its loopback or on every address.
    package var port: Int

    /// A connection.
    package init(pod: NamespacedName, podUID: String, port: Int) {
        self.pod = pod
        self.podUID = podUID
        self.port = port
    }
}

/// A TCP connection into a pod.
package protocol ForwardedConnection: Sendable {
    /// The next bytes from the pod; nil at the end. Throws an `APIStatus` when the pod could not be reached. One reader
    /// at a time.
    func receive() async throws -> [UInt8]?
    /// Sends bytes to the pod; waits while it does not read.
    func send(_ bytes: [UInt8]) async throws
    /// Says that no more bytes come.
    func endOfInput() async throws
    /// Ends the connection. Safe to call twice.
    func close() async
}

/// What goes into a running command.
package enum ExecInput: Sendable, Hashable {
    /// Bytes for its standard input.
    case stdin([UInt8])
    /// The end of its standard input.
    case endOfInput
    /// The terminal's new size.
    case resize(width: Int, height: Int)
}

/// What comes out of a running command.
package enum ExecOutput: Sendable, Hashable {
    /// Bytes of its standard output.
    case stdout([UInt8])
    /// Bytes of its standard error.
    case stderr([UInt8])
    /// It ended; the last message. Nil when its end is not known (the reason is in `message`).
    case exit(code: Int?, message: String)
}

/// A running command. Outputs end with `exit`; then `receive` returns nil.
package protocol ExecSession: Sendable {
    /// The next output; nil after the exit. One reader at a time.
    func receive() async throws -> ExecOutput?
    /// Sends input; waits while the command does not read. Input that a command no longer takes is dropped.
    func send(_ input: ExecInput) async throws
    /// Ends the session; a command that still runs is left to the runtime. Safe to call twice.
    func close() async
}

/// The one seam from the API to a node. In process it is a call; for a joined node, that node's HTTPS server.
///
/// Errors are in Kubernetes' shape and go to the client as they are: 404 for a pod that is not there, 400 for a
/// container that has not started, 503 for a node that does not answer.
package protocol NodeConnection: Sendable {
    /// A container's log.
    func logs(_ request: LogRequest) async throws(APIStatus) -> ByteStream
    /// Runs a command.
    func exec(_ request: ExecRequest) async throws(APIStatus) -> any ExecSession
    /// Attaches to a running container. The session's exit is 0 when it ends with the container.
    func attach(_ request: AttachRequest) async throws(APIStatus) -> any ExecSession
    /// Connects to a port of a pod. A port that nobody listens at may be told only by the connection's `receive`.
    func portForward(_ request: PortForwardRequest) async throws(APIStatus) -> any ForwardedConnection
}

/// Finds the connection to a node by its name; nil when the node is not connected.
package protocol NodeDirectory: Sendable {
    /// The connection to the node `name`.
    func connection(to name: String) async -> (any NodeConnection)?
}
