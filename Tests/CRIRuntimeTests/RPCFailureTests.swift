import GRPCCore
import NodeInterfaces
import Testing

@testable import CRIRuntime

@Suite struct RPCFailureTests {
    @Test(arguments: [
        (RPCError.Code.unknown, "no such image", "rpc error: code = Unknown desc = no such image"),
        (.deadlineExceeded, "late", "rpc error: code = DeadlineExceeded desc = late"),
        (.notFound, "gone", "rpc error: code = NotFound desc = gone"),
        (.cancelled, "c", "rpc error: code = Canceled desc = c"),
    ])
    func theTextIsAsFromUpstreamsNodes(_ code: RPCError.Code, _ message: String, _ expected: String) {
        let error = NodeInterfaces.RuntimeError(RPCError(code: code, message: message), during: "PullImage")
        #expect(error.text == expected)
    }
}
