using HunyuanOrleans.Grains.Devices;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Devices;

/// <summary>A device that is lost is reported once, after the job that lost it.</summary>
public sealed class DeviceThreadTests
{
    [Fact]
    public async Task A_lost_device_is_reported_once()
    {
        string? failure = null;
        List<string> lost = [];
        using DeviceThread thread = DeviceThread.Start("test", failure: () => Volatile.Read(ref failure), lost: lost.Add);
        await Run(thread, static () => { });
        Assert.Empty(lost);

        await Assert.ThrowsAsync<InvalidOperationException>(() => Run(thread, () =>
        {
            Volatile.Write(ref failure, "the GPU fell off the bus");
            throw new InvalidOperationException("copy failed");
        }));

        // When a later job runs, the report of an earlier one is over.
        await Run(thread, static () => { });
        await Run(thread, static () => { });
        Assert.Equal(["the GPU fell off the bus"], lost);
    }

    private static async Task Run(DeviceThread thread, Action work) => await new DeviceJob(work).RunAsync(thread);
}
