import Logging
import NodeInterfaces
import Synchronization
import Testing

@testable import ClusterAssembly

@Suite struct PatienceTests {
    private func patience() -> Patience {
        Patience(log: "/l", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, pause: {})
    }

    @Test func aRuntimeThatComesLateIsWaitedFor() async {
        let tries = Mutex(0)
        await patience().until {
            let number = tries.withLock { tries in
                tries += 1
                return tries
            }
            if number < 5 { throw RuntimeError.timedOut("no answer") }
        }
        #expect(tries.withLock { $0 } == 5)
    }

    @Test func aCancelledTaskWaitsNoLonger() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await patience().until { throw RuntimeError.unavailable("never") } }
            group.cancelAll()
        }
    }
}
