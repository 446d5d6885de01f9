using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Gradients;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;
using HunyuanOrleans.Model;
using HunyuanOrleans.Train.Parameters;

namespace HunyuanOrleans.Train.Layers;

/// <summary>Runs linear layers with their adapters in both directions. Not thread-safe.</summary>
public sealed class LinearOperations : IDisposable
{
    private readonly WeightProducts _products;
    private readonly WeightProducts _exactProducts;
    private readonly TransposedProducts _quantized;
    private readonly FloatProducts _adapters;
    private readonly RowOperations _rows;
    private readonly Dictionary<(int Slot, int Columns), Activation> _buffers = [];

    /// <summary>Reserves scratch memory.</summary>
    /// <param name="pool">Workers to use.</param>
    /// <param name="kernels">The kernels of the packed weights.</param>
    /// <param name="mode">Precision of the products with weights. Adapters and routers are computed in float32.</param>
    public LinearOperations(WorkerPool pool, PanelKernels kernels, ComputeMode mode)
    {
        _products = new WeightProducts(pool, kernels, mode);
        _exactProducts = mode == ComputeMode.F32 ? _products : new WeightProducts(pool, kernels, ComputeMode.F32);
        _quantized = new TransposedProducts(pool, kernels, mode);
        _adapters = new FloatProducts(pool);
        _rows = new RowOperations(pool);
    }

    /// <summary>Selects the dropout masks; 0 turns dropout off.</summary>
    public ulong DropoutKey { get; set; }

    /// <summary>y = x . wᵀ + bias + adapter(x), or added to y.</summary>
    /// <param name="layer">The weights.</param>
    /// <param name="x">float32 rows from <paramref name="xRow"/>.</param>
    /// <param name="xRow">First row of x.</param>
    /// <param name="y">float32 rows from <paramref name="yRow"/>.</param>
    /// <param name="yRow">First row of y.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="accumulate">Whether the result is added to y.</param>
    public void Forward(Linear layer, Activation x, int xRow, Activation y, int yRow, int rows, bool accumulate)
    {
        if (rows == 0)
        {
            return;
        }

        Products(layer).Run(layer.Forward, x, xRow, y, yRow, rows, accumulate);
        if (layer.Bias is { } bias)
        {
            _rows.AddBias(bias, y, yRow, rows);
        }

        if (layer.Lora is { } lora)
        {
            (Activation input, int inputRow) = Dropped(lora, x, xRow, rows);
            Activation inner = Buffer(0, x.Rows, lora.A.Value.Rows);
            _adapters.TimesTransposed(input, inputRow, lora.A.Value, inner, 0, rows, 1, accumulate: false);
            _adapters.TimesTransposed(inner, 0, lora.B.Value, y, yRow, rows, lora.Scale, accumulate: true);
        }
    }

    /// <summary>
    /// The gradients of <see cref="Forward(Linear, Activation, int, Activation, int, int, bool)"/>. Those of weights are added. The gradient of x through
    /// quantised weights is dy . w with codes times scales, as if the forward pass had not quantised x.
    /// </summary>
    /// <param name="layer">The weights.</param>
    /// <param name="x">Input of the forward pass.</param>
    /// <param name="xRow">First row of x.</param>
    /// <param name="dy">Gradient of the result.</param>
    /// <param name="dyRow">First row of dy.</param>
    /// <param name="dx">The gradient of x is written or added here.</param>
    /// <param name="dxRow">First row of dx.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="accumulate">Whether the gradient is added to dx.</param>
    public void Backward(Linear layer, Activation x, int xRow, Activation dy, int dyRow, Activation dx, int dxRow, int rows, bool accumulate)
    {
        if (rows == 0)
        {
            return;
        }

        WeightProducts products = Products(layer);
        if (layer.Backward is { } transposed)
        {
            products.Run(transposed, dy, dyRow, dx, dxRow, rows, accumulate);
        }
        else
        {
            _quantized.Run(layer.Forward, dy, dyRow, dx, dxRow, rows, accumulate);
        }

        if (layer.Weight is { } weight)
        {
            products.AddWeightGradient(dy, dyRow, x, xRow, rows, weight.Gradient);
        }

        if (layer.BiasParameter is { } bias)
        {
            RowOperations.AddColumnSums(dy, dyRow, rows, bias.Gradient);
        }

        if (layer.Lora is { } lora)
        {
            Backward(lora, x, xRow, dy, dyRow, dx, dxRow, rows);
        }
    }

    /// <summary>Packs the weights of a layer again after they were changed.</summary>
    public void Repack(Linear layer, Activation values) => Products(layer).Pack(values, layer.Forward, layer.Backward);

    /// <summary>Packs the rows of a frozen layer in the type of its matrix, which may be quantised.</summary>
    /// <exception cref="ModelException">The checkpoint cannot be read.</exception>
    public void Pack(MatrixSource source, PackedMatrix target)
    {
        try
        {
            _products.Pack(source, target);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new ModelException($"The checkpoint cannot be read: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _products.Dispose();
        _exactProducts.Dispose();
        _quantized.Dispose();
        _adapters.Dispose();
        foreach (Activation buffer in _buffers.Values)
        {
            buffer.Dispose();
        }
    }

    private WeightProducts Products(Linear layer) => layer.Forward.Type == ElementType.F32 ? _exactProducts : _products;

    private void Backward(LoraAdapter lora, Activation x, int xRow, Activation dy, int dyRow, Activation dx, int dxRow, int rows)
    {
        int rank = lora.A.Value.Rows;
        (Activation input, int inputRow) = Dropped(lora, x, xRow, rows);
        Activation inner = Buffer(0, x.Rows, rank);
        Activation innerGradient = Buffer(1, x.Rows, rank);
        _adapters.TimesTransposed(input, inputRow, lora.A.Value, inner, 0, rows, 1, accumulate: false);
        _adapters.Times(dy, dyRow, lora.B.Value, innerGradient, 0, rows, lora.Scale, accumulate: false);
        _adapters.AddTransposedTimes(dy, dyRow, inner, 0, rows, lora.B.Gradient, lora.Scale);
        _adapters.AddTransposedTimes(innerGradient, 0, input, inputRow, rows, lora.A.Gradient, 1);
        if (!Drops(lora))
        {
            _adapters.Times(innerGradient, 0, lora.A.Value, dx, dxRow, rows, 1, accumulate: true);
            return;
        }

        Activation masked = Buffer(3, x.Rows, x.Columns);
        _adapters.Times(innerGradient, 0, lora.A.Value, masked, 0, rows, 1, accumulate: false);
        _rows.Dropout(masked, 0, masked, rows, lora.Dropout, DropoutKey ^ lora.Key);
        _rows.Add(masked, 0, dx, dxRow, rows);
    }

    private bool Drops(LoraAdapter lora) => lora.Dropout > 0 && DropoutKey != 0;

    private (Activation Input, int Row) Dropped(LoraAdapter lora, Activation x, int xRow, int rows)
    {
        if (!Drops(lora))
        {
            return (x, xRow);
        }

        Activation input = Buffer(2, x.Rows, x.Columns);
        _rows.Dropout(x, xRow, input, rows, lora.Dropout, DropoutKey ^ lora.Key);
        return (input, 0);
    }

    private Activation Buffer(int slot, int rows, int columns)
    {
        if (_buffers.TryGetValue((slot, columns), out Activation? buffer) && buffer.Rows >= rows)
        {
            return buffer;
        }

        buffer?.Dispose();
        return _buffers[(slot, columns)] = new Activation(rows, columns, ElementType.F32);
    }
}
