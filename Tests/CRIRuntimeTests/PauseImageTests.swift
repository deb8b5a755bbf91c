import Testing

@testable import CRIRuntime

@Suite struct PauseImageTests {
    @Test(arguments: PauseProgram.Machine.allCases)
    func theProgramIsAnExecutableThatLoadsItself(machine: PauseProgram.Machine) {
        let file = PauseProgram.executable(for: machine)
        #expect(Array(file.prefix(4)) == [0x7f, 0x45, 0x4c, 0x46])
        let size = file[96..<104].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        #expect(size == UInt64(file.count))
        // SIGINT, SIGTERM and SIGCHLD.
        #expect(Array(file.suffix(8)) == [0x02, 0x40, 0x01, 0, 0, 0, 0, 0])
    }

    @Test(arguments: PauseProgram.Machine.allCases)
    func theArchiveIsTheSameEachTime(machine: PauseProgram.Machine) {
        let archive = PauseImage.archive(for: machine)
        #expect(archive == PauseImage.archive(for: machine))
        #expect(archive.count % 512 == 0)
    }
}
