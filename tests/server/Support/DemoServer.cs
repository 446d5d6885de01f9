using Xunit;

namespace HunyuanOrleans.Server.Tests.Support;

/// <summary>A server with the demo model, shared by the tests of a class.</summary>
public sealed class DemoServer : IAsyncLifetime
{
    internal TestServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await Server.DisposeAsync();
}
