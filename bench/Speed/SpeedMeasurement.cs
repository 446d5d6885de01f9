using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Bench.Speed;

/// <summary>Measures steps of a <see cref="SpeedModel"/>.</summary>
/// <param name="device">The device.</param>
/// <param name="config">The shapes.</param>
/// <param name="model">The layers.</param>
/// <param name="limits">The device's limits.</param>
/// <param name="format">Name of the form of the weights.</param>
/// <param name="seconds">About how long to repeat a step.</param>
internal sealed class SpeedMeasurement(
    CudaComputeDevice device, ModelConfig config, SpeedModel model, DeviceLimits limits, string format, double seconds)
{
    /// <summary>Measures a step.</summary>
    public SpeedResult Measure(SpeedCase step)
    {
        model.Begin(Batch(step));
        int[] logitRows = [.. Enumerable.Range(0, step.Streams).Select(stream => ((stream + 1) * step.Tokens) - 1)];
        double bytes = model.HeadBytes + (model.Layers.Count * step.PositionsRead * model.KvBytesPerPosition);
        int layer = 0;
        model.Restart();
        model.Submit(logitRows, static _ => { }, routed =>
        {
            LayerMatrices matrices = model.Layers[layer++];
            int used = 0;
            foreach (int count in routed.Counts)
            {
                used += count > 0 ? 1 : 0;
            }

            bytes += matrices.AlwaysReadBytes + (used * matrices.ExpertBytes);
        });

        using DeviceTimer timer = new(device.Driver, device.Stream);
        double time = timer.Measure(() => model.Run(logitRows), seconds, prepare: model.Restart);
        model.Restart();
        Dictionary<string, (double Seconds, int Count)> parts = timer.Profile(() => model.Submit(logitRows, timer.Mark, static _ => { }));
        double head = Math.Min(parts["lm_head"].Seconds, time), operations = Operations(step);
        double whole = ((time - head) * config.Layers / model.Layers.Count) + head;
        return new SpeedResult(
            format,
            step,
            model.Layers.Count,
            time * 1e3,
            step.Rows / time,
            step.Rows / whole,
            bytes,
            bytes / time,
            bytes / time / limits.ReadBytes,
            operations,
            operations / time,
            operations / time / limits.MultiplyOperations,
            [.. parts.Select(static part => new OperationTime(part.Key, part.Value.Seconds * 1e3, part.Value.Count))]);
    }

    private double Operations(SpeedCase step)
    {
        int topK = config.TopK(config.FirstMoeLayer);
        double weights = model.Layers.Sum(layer => (double)layer.AlwaysParameters + (topK * layer.ExpertParameters));
        double attention = model.Layers.Count * step.Scores * 4 * config.QuerySize;
        return (2 * step.Rows * weights) + (2.0 * step.Streams * model.HeadParameters) + attention;
    }

    private AttentionBatch Batch(SpeedCase step)
    {
        AttentionBatch batch = new(config.Heads, config.KvHeads);
        int perStream = BlocksOf(step);
        for (int stream = 0; stream < step.Streams; stream++)
        {
            batch.Add(new AttentionSlice(
                stream * step.Tokens, step.Tokens, step.Context, Enumerable.Range(stream * perStream, perStream).ToArray()));
        }

        return batch;
    }

    /// <summary>Blocks of keys and values of each sequence.</summary>
    public static int BlocksOf(SpeedCase step) => (step.Context + step.Tokens + KvBlocks.Positions - 1) / KvBlocks.Positions;
}
