using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>Rows of somebody else's step through the experts of this silo. Who drives it holds the host's expert lock. It does not know grains.</summary>
internal sealed class ExpertStage : IDisposable
{
    private readonly ModelHost.Parts _parts;
    private readonly ExpertRunner _runner;
    private readonly DeviceJob _run;
    private ExpertMessage _message = null!;

    public ExpertStage(ModelHost.Parts parts)
    {
        _parts = parts;
        _runner = parts.Device.CreateExpertRunner();
        _run = new DeviceJob(() => _runner.Run(_message.Layer, _message.FirstExpert, _message.Counts));
    }

    /// <summary>Runs the rows.</summary>
    /// <exception cref="ModelException">An expert is not here, or there are more rows than fit.</exception>
    public async ValueTask<ExpertReply> RunAsync(ExpertMessage message)
    {
        _message = message;
        int rows = Rows.Count(message.Counts);
        Rows.Check(message.Rows, rows, _runner.Input);
        Rows.Read(message.Rows, 0, _runner.Input, 0, rows);
        await _run.RunAsync(_parts.Thread);
        byte[] reply = Rows.Allocate(rows, _runner.Output);
        Rows.Write(_runner.Output, 0, rows, reply, 0);
        return new ExpertReply(reply);
    }

    /// <inheritdoc/>
    public void Dispose() => _runner.Dispose();
}
