using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Shards;
using HunyuanOrleans.Model.Devices;

namespace HunyuanOrleans.Grains.Devices;

/// <summary>The device, threads and buffers that exist once the model has been opened.</summary>
internal sealed class ModelParts : IDisposable
{
    public ModelParts(ModelSettings settings, Action<string> lost)
    {
        Device = settings.OpenDevice();
        Thread = DeviceThread.Start($"hunyuan-device {settings.Name}", Device.Enter, () => Device.Failure, lost);
        LoadSlots = new SemaphoreSlim(Device.LoadsAtOnce);
        Counters = new StageCounters(Device.Config);
        try
        {
            Head = new StageHead(Device);
            Stages = new StagePool(this);
            Experts = Device.Config.HasExperts ? new ExpertStage(this) : null;
        }
        catch
        {
            // The next load opens the device again.
            Dispose();
            throw;
        }
    }

    public IModelDevice Device { get; }

    public DeviceThread Thread { get; }

    public StageCounters Counters { get; }

    public StageHead Head { get; } = null!;

    public StagePool Stages { get; } = null!;

    public ExpertStage? Experts { get; }

    /// <summary>Held while a piece is loaded: more at once would only take memory.</summary>
    public SemaphoreSlim LoadSlots { get; }

    /// <summary>Runs work on the device's thread, between the jobs of steps.</summary>
    public async Task RunAsync(Action work) => await new DeviceJob(work).RunAsync(Thread);

    public void Dispose()
    {
        Thread.Dispose();
        Stages?.Dispose();
        Head?.Dispose();
        Experts?.Dispose();
        Device.Dispose();
    }
}
