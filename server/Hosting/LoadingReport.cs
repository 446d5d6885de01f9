using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>Reports how far a model in this process is loaded as the readiness of its slot.</summary>
internal sealed class LoadingReport(ModelSlot slot, TimeProvider time) : IProgress<LoadProgress>
{
    private long _started = time.GetTimestamp();
    private LoadStage _stage;

    /// <inheritdoc/>
    public void Report(LoadProgress value)
    {
        // Bytes begin at zero in each stage, and the speed of one says nothing about that of the next.
        if (value.Stage != _stage)
        {
            _stage = value.Stage;
            _started = time.GetTimestamp();
        }

        slot.Readiness = new ModelReadiness("The model is loading.")
        {
            Step = value.Stage == LoadStage.Saving ? "saved in a packed copy" : "loaded",
            TotalBytes = value.TotalBytes,
            BytesLeft = value.TotalBytes - value.Bytes,
            TimeLeft = value.Bytes == 0 ? null : time.GetElapsedTime(_started) * ((double)(value.TotalBytes - value.Bytes) / value.Bytes),
        };
    }
}
