import NodeInterfaces
import Testing

@testable import NodeAgent

@Suite struct SubPathTests {
    /// A volume with a file, a directory, links as a container may leave them, and the agent's own links; and an
    /// outside that nothing may reach.
    private func withVolume(_ body: (_ volume: String, _ outside: String) throws -> Void) throws {
        let path = "/tmp/ordinal-subpath-\(UInt64.random(in: 0 ... .max))"
        let (volume, outside) = ("\(path)/volume", "\(path)/outside")
        try HostFiles.makeDirectory(outside)
        try HostFiles.makeDirectory("\(volume)/there/deep")
        try HostFiles.write([], to: "\(volume)/file")
        try HostFiles.link("\(volume)/out", to: outside)
        try HostFiles.link("\(volume)/there/up", to: "../../outside")
        try HostFiles.link("\(volume)/inner", to: "there")
        try HostFiles.link("\(volume)/dangling", to: "\(outside)/new")
        try HostFiles.makeDirectory("\(volume)/..1")
        try HostFiles.write([], to: "\(volume)/..1/a.conf")
        try HostFiles.link("\(volume)/..1/evil", to: outside)
        try HostFiles.link("\(volume)/..data", to: "..1")
        try HostFiles.link("\(volume)/a.conf", to: "..data/a.conf")
        try HostFiles.link("\(volume)/evil", to: "..data/evil")
        let result = Result { try body(volume, outside) }
        try HostFiles.removeTree(path)
        try result.get()
    }

    @Test(arguments: [
        ("there", "there"), ("there/deep/", "there/deep"), ("./there//deep", "there/deep"), ("file", "file"),
        ("new", "new"), ("there/a/b", "there/a/b"), ("a.conf", "..1/a.conf"),
    ]) func aPathInsideIsFoundOrMade(_ below: String, _ found: String) throws {
        try withVolume { volume, _ in
            let path = try SubPath.resolve(below, in: volume)
            #expect(path == "\(volume)/\(found)")
            #expect(HostFiles.kind("\(volume)/\(found)", followLinks: false) != nil)
        }
    }

    @Test(arguments: [
        ("out", "\"out\" of subPath \"out\" is a symbolic link"),
        ("out/new", "\"out\" of subPath \"out/new\" is a symbolic link"),
        ("there/up/new", "\"there/up\" of subPath \"there/up/new\" is a symbolic link"),
        ("inner", "\"inner\" of subPath \"inner\" is a symbolic link"),
        ("dangling", "\"dangling\" of subPath \"dangling\" is a symbolic link"),
        ("evil", "\"evil\" of subPath \"evil\" is a symbolic link"),
        ("file/x", "\"file\" of subPath \"file/x\" is not a directory"),
        ("../outside", "subPath \"../outside\" leads out of the volume"),
        ("/etc", "subPath \"/etc\" leads out of the volume"),
    ]) func noLinkIsFollowed(_ below: String, _ reason: String) throws {
        try withVolume { volume, outside in
            #expect(throws: ConfigurationError(reason)) { _ = try SubPath.resolve(below, in: volume) }
            #expect(HostFiles.names(in: outside).isEmpty)
        }
    }
}
