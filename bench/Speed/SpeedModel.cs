using System.Runtime.InteropServices;
using HunyuanOrleans.Bench.Checks;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Cuda.Packing;
using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Bench.Speed;

/// <summary>
/// Layers of a mixture of experts with random weights, and lm_head, which run the operations of a model in the order in which StageRunner runs them.
/// Groups of layers share the memory of keys and values, so that long contexts of many streams fit beside the weights.
/// </summary>
internal sealed class SpeedModel : IDisposable
{
    /// <summary>Groups of keys and values. They take turns, so that a layer finds none of its own in a cache.</summary>
    public const int KvGroups = 2;

    private readonly CudaComputeDevice _device;
    private readonly ModelConfig _config;
    private readonly DisposableStack _owned = new();
    private readonly List<LayerMatrices> _layers = [];
    private readonly IVector _norm;
    private readonly AttentionWeights _attentionWeights;
    private readonly IAttention _attention;
    private readonly IStepRows _rows;
    private readonly IRoutedRows _routed;
    private readonly IMatrixProducts _products;
    private readonly IMatrix _head;
    private readonly SpeedBuffers _buffers;
    private readonly Action _runLayers;

    /// <summary>Allocates everything.</summary>
    /// <param name="device">The device.</param>
    /// <param name="config">The shapes.</param>
    /// <param name="types">The types of the matrices.</param>
    /// <param name="layers">Number of layers. There are fewer if the device has not enough memory.</param>
    /// <param name="blocks">Blocks of keys and values in a group.</param>
    /// <param name="maxRows">Most tokens in a step.</param>
    /// <param name="maxStreams">Most streams in a step.</param>
    public SpeedModel(CudaComputeDevice device, ModelConfig config, WeightTypes types, int layers, int blocks, int maxRows, int maxStreams)
    {
        (_device, _config) = (device, config);
        _runLayers = () => RunLayers(static _ => { }, static _ => { });
        try
        {
            KvShape shape = new(KvGroups, blocks, config.KvHeads, config.HeadDim, ElementType.BF16, ElementType.BF16);
            IKvPool kv = _owned.Add(device.CreateKvPool(shape, reserve: true));
            for (int group = 0; group < KvGroups; group++)
            {
                DeviceFill.Random(device, ((CudaKv)kv).Pool.Address(group), kv.GroupBytes, seed: group);
            }

            KvBytesPerPosition = (double)kv.BlockBytes / KvBlocks.Positions;
            _attention = _owned.Add(device.CreateAttention(kv, config.Heads, maxRows));
            _rows = _owned.Add(_attention.CreateRows());
            _routed = _owned.Add(device.CreateRoutedRows(maxRows, config.TopK(config.FirstMoeLayer), config.Experts));
            _products = _owned.Add(device.CreateProducts(config.Experts));
            _norm = _owned.Add(device.CreateVector([.. Enumerable.Repeat(1f, config.HiddenSize)]));
            _attentionWeights = new AttentionWeights(
                null, _owned.Add(device.CreateVector(AttentionWeights.QueryScaleOf(null, null, config.HeadDim))), HasNorm: true, config.RmsNormEps);
            _buffers = _owned.Add(new SpeedBuffers(device, config, maxRows, maxStreams));
            CudaMatrixLayout head = CudaMatrixLayout.Of(config.VocabSize, config.HiddenSize, types.TypeOf("lm_head"));
            IDeviceMemory memory = _owned.Add(device.Loader.Allocate(head.ByteLength));
            DeviceFill.Matrix(device, ((CudaMemory)memory).Address, head, seed: -1);
            _head = new CudaMatrix(DeviceMatrix.At(head, ((CudaMemory)memory).Address));
            HeadBytes = head.ByteLength;
            HeadParameters = (long)head.Rows * head.Columns;
            AddLayers(types, layers);
        }
        catch
        {
            _owned.Dispose();
            throw;
        }
    }

    /// <summary>The layers.</summary>
    public IReadOnlyList<LayerMatrices> Layers => _layers;

    /// <summary>Bytes of lm_head.</summary>
    public long HeadBytes { get; }

    /// <summary>Weights of lm_head.</summary>
    public long HeadParameters { get; }

    /// <summary>Bytes of keys and values of a position in a layer.</summary>
    public double KvBytesPerPosition { get; }

    /// <summary>Begins a step: uploads what does not depend on layers, and random rows in place of embeddings.</summary>
    public void Begin(AttentionBatch batch)
    {
        float[] values = DevicePair.RandomValues(batch.Rows * _config.HiddenSize, seed: batch.Rows);
        _buffers.Start.CopyIn(0, batch.Rows, MemoryMarshal.AsBytes<float>(values));
        for (int row = 0; row < batch.Rows; row++)
        {
            _rows.Angles.Cos.Row(row).Fill(0.8f);
            _rows.Angles.Sin.Row(row).Fill(0.6f);
        }

        _rows.Begin(batch);
    }

    /// <summary>
    /// Gives the residual stream the rows with which the step began. A run changes them, and with other rows the next run would need other experts.
    /// </summary>
    public void Restart()
    {
        CudaActivation start = (CudaActivation)_buffers.Start;
        _device.Driver.CopyAsync(((CudaActivation)_buffers.X).Address, start.Address, (long)_rows.Batch.Rows * start.Stride, _device.Stream);
    }

    /// <summary>Runs all layers and the head for the rows of the step as a model does: the device replays the layers once it has recorded them.</summary>
    /// <param name="logitRows">The rows whose logits are computed.</param>
    public void Run(int[] logitRows)
    {
        _device.Replay(_rows, default, _runLayers);
        RunHead(logitRows, static _ => { });
    }

    /// <summary>Submits all layers and the head for the rows of the step, operation by operation.</summary>
    /// <param name="logitRows">The rows whose logits are computed.</param>
    /// <param name="mark">Called after each operation with its name.</param>
    /// <param name="routed">Called after each layer's routing.</param>
    public void Submit(int[] logitRows, Action<string> mark, Action<IRoutedRows> routed)
    {
        RunLayers(mark, routed);
        RunHead(logitRows, mark);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _device.Synchronize();
        _owned.Dispose();
    }

    private void RunLayers(Action<string> mark, Action<IRoutedRows> routed)
    {
        for (int i = 0; i < _layers.Count; i++)
        {
            Attend(i, mark);
            Route(_layers[i], mark);
            routed(_routed);
            FeedForward(_layers[i], mark);
        }
    }

    private void RunHead(int[] logitRows, Action<string> mark)
    {
        _device.CreateGather().Run(_buffers.X, logitRows, logitRows.Length, _buffers.Last);
        _device.CreateRmsNorm().Run(_buffers.Last, logitRows.Length, _norm, _config.RmsNormEps, _buffers.LastNormed);
        mark("norm");
        Multiply(_head, _buffers.LastNormed, _buffers.Logits, logitRows.Length, Epilogue.Store);
        mark("lm_head");
    }

    // The number of layers is an estimate. Memory that is in pieces may have room for fewer.
    private void AddLayers(WeightTypes types, int layers)
    {
        for (int layer = 0; layer < layers; layer++)
        {
            try
            {
                _layers.Add(_owned.Add(new LayerMatrices(_device, _config, types, _config.FirstMoeLayer + layer)));
            }
            catch (CudaException) when (layer > 0)
            {
                return;
            }
        }
    }

    private void Attend(int index, Action<string> mark)
    {
        LayerMatrices layer = _layers[index];
        int rows = _rows.Batch.Rows, group = index / _config.ClaFactor % KvGroups;
        IActivation projected = layer.Projection.Rows == _config.QuerySize ? _buffers.Queries : _buffers.Projected;
        _device.CreateRmsNorm().Run(_buffers.X, rows, _norm, _config.RmsNormEps, _buffers.Normed);
        mark("norm");
        Multiply(layer.Projection, _buffers.Normed, projected, rows, Epilogue.Store);
        mark("qkv");
        _attention.Split(_rows, projected, _attentionWeights, group);
        mark("split");
        _attention.Run(_rows, group, _buffers.Attended);
        mark("attention");
        Multiply(layer.Output, _buffers.Attended, _buffers.X, rows, Epilogue.Add);
        mark("output");
    }

    private void Route(LayerMatrices layer, Action<string> mark)
    {
        int rows = _rows.Batch.Rows;
        _routed.Begin(rows, _config.TopK(_config.FirstMoeLayer));
        _device.CreateRmsNorm().Run(_buffers.X, rows, _norm, _config.RmsNormEps, _buffers.Normed, _buffers.Scored);
        mark("norm");
        Multiply(layer.Router, _buffers.Scored, _buffers.Scores, rows, Epilogue.Store);
        _device.CreateSelector().Run(_buffers.Scores, _routed);
        _device.CreateGather().Run(_buffers.Normed, _routed, _buffers.ExpertInput);
        mark("routing");
    }

    private void FeedForward(LayerMatrices layer, Action<string> mark)
    {
        int rows = _rows.Batch.Rows;
        Multiply(layer.SharedGateUp, _buffers.Normed, _buffers.SharedHidden, rows, Epilogue.SwiGlu);
        mark("shared up");
        _products.AddExperts(layer.GateUp, _routed, [], _buffers.ExpertInput, _buffers.ExpertHidden, Epilogue.SwiGlu);
        _products.Run();
        mark("experts up");
        Multiply(layer.SharedDown, _buffers.SharedHidden, _buffers.X, rows, Epilogue.Add);
        mark("shared down");
        _products.AddExperts(layer.Down, _routed, [], _buffers.ExpertHidden, _buffers.ExpertOutput, Epilogue.Store);
        _products.Run();
        mark("experts down");
        _device.CreateWeightedRowSum().Run(_buffers.ExpertOutput, _routed, _buffers.X);
        mark("combine");
    }

    private void Multiply(IMatrix matrix, IActivation x, IActivation y, int rows, Epilogue epilogue)
    {
        _products.Add(matrix, x, y, rows, epilogue);
        _products.Run();
    }
}
