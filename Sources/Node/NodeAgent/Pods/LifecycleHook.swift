internal import ControllerRuntime
internal import Kinds
internal import NodeInterfaces
internal import ObjectModel

/// A postStart or preStop hook: a command, a GET or a sleep.
struct LifecycleHook {
    private let hook: Value
    private let container: ContainerView
    private let podIP: String
    /// A hook without a limit of its own may take this long.
    static let longest = Duration.seconds(3600)

    init(_ hook: Value, container: ContainerView, podIP: String) {
        self.hook = hook
        self.container = container
        self.podIP = podIP
    }

    /// Runs the hook, at most for `limit`; returns why it failed, nil when it did not.
    func run(
        in id: String, _ runtime: any ContainerRuntime, _ prober: any NetworkProber, _ clock: ControlClock,
        limit: Duration?
    ) async -> String? {
        let limit = limit ?? Self.longest
        if let sleep = hook.object("sleep") {
            try? await clock.sleep(min(.bounded(seconds: sleep["seconds"]?.int ?? 0), limit))
            return nil
        }
        switch HandlerTarget(ProbeView.Action(hook), container: container, podIP: podIP) {
        case .invalid(let text): return text
        case .network(let request):
            // Whatever the answer is: the request has reached the container.
            if case .failure(let text) = await prober.probe(request, timeout: limit) { return text }
            return nil
        case .command(let command):
            do throws(RuntimeError) {
                let result = try await runtime.execSync(id, command: command, timeout: limit)
                if result.exitCode == 0 { return nil }
                return "command \(command) exited with \(result.exitCode): \(result.output)"
            } catch {
                return error.text
            }
        }
    }
}
