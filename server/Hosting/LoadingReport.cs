using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>Reports how far a model in this process is loaded as the readiness of its slot.</summary>
internal sealed class LoadingReport(ModelSlot slot, TimeProvider time) : IProgress<LoadProgress>
{
    private readonly long _started = time.GetTimestamp();

    /// <inheritdoc/>
    public void Report(LoadProgress value) => slot.Readiness = new ModelReadiness("The model is loading.")
    {
        TotalBytes = value.TotalBytes,
        BytesLeft = value.TotalBytes - value.Bytes,
        TimeLeft = value.Bytes == 0 ? null : time.GetElapsedTime(_started) * ((double)(value.TotalBytes - value.Bytes) / value.Bytes),
    };
}
