import Testing

@testable import CRIRuntime

@Suite struct StreamingURLTests {
    @Test func theAddressesOfContainerdAreRead() throws {
        let url = try #require(StreamingURL("http://127.0.0.1:40123/attach/aB3_token"))
        #expect((url.host, url.port, url.path) == ("127.0.0.1", 40123, "/attach/aB3_token"))
        #expect(StreamingURL("http://[::1]:80/x")?.host == "::1")
    }

    @Test(arguments: ["", "https://127.0.0.1:1/x", "http://127.0.0.1/x", "http://127.0.0.1:0/x", "http://h:70000/x"])
    func othersAreNone(text: String) { #expect(StreamingURL(text) == nil) }
}
