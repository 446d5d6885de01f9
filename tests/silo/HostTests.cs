using Xunit;

namespace HunyuanOrleans.Silo.Tests;

public sealed class HostTests
{
    [Fact]
    public void The_silo_is_one_binary() => Assert.Equal("hunyuan-silo", typeof(Program).Assembly.GetName().Name);
}
