import ObjectModel
import Testing

@testable import CRIRuntime

@Suite struct ContainerProcessTests {
    private static let info = """
        {"pid":7,"runtimeSpec":{"ociVersion":"1.0","process":{"user":{"uid":5,"gid":6},"args":["sleep","9"],
        "env":["PATH=/bin"],"cwd":"/","oomScoreAdj":-900,"capabilities":{"bounding":["CAP_KILL"]}}}}
        """

    private func process(tty: Bool) throws -> Value {
        try JSON.parse(
            #require(ContainerProcess.specification(info: Self.info, command: ["ls", "-l"], tty: tty)))
    }

    @Test func aCommandRunsAsTheContainersFirstProcessDoes() throws {
        let process = try process(tty: false)
        #expect(process["args"] == ["ls", "-l"])
        #expect(process["user", "uid"]?.int == 5)
        #expect(process["capabilities", "bounding"] == ["CAP_KILL"])
        #expect(process["oomScoreAdj"] == nil)
        #expect(process["env"] == ["PATH=/bin"])
        #expect(process["terminal"]?.bool == false)
    }

    @Test func aTerminalHasAType() throws {
        let process = try process(tty: true)
        #expect(process["env"] == ["PATH=/bin", "TERM=xterm"])
        #expect(process["terminal"]?.bool == true)
    }

    @Test(arguments: ["", "{}", "not json"])
    func withoutTheFirstProcessThereIsNone(info: String) {
        #expect(ContainerProcess.specification(info: info, command: ["ls"], tty: false) == nil)
    }
}
