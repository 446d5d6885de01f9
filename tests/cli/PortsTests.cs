using System.Globalization;
using HunyuanOrleans.Cli.Drills;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

public sealed class PortsTests
{
    [Fact]
    public void A_port_that_was_found_is_kept_from_other_processes()
    {
        int first = Ports.FindFree(), second = Ports.FindFree();
        Assert.NotEqual(first, second);
        Assert.All([first, second], static port => Assert.Throws<IOException>(() => File.Open(
            Path.Combine(Ports.Reservations, port.ToString(CultureInfo.InvariantCulture)), FileMode.Open, FileAccess.Write, FileShare.None)));
    }
}
