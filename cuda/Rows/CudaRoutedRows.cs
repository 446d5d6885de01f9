using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Cuda.Rows;

/// <summary>
/// The experts chosen for the tokens of a step, and the order of the rows sent to them, in device memory: sorted by expert, then by token. The object is
/// reused between steps. It does not know where the experts are.
/// </summary>
internal sealed class CudaRoutedRows : IDisposable
{
    private readonly nint _stream;
    private readonly CudaFunction _chooseAndOrder;
    private readonly CudaFunction _choose;
    private readonly CudaFunction _orderChunk;
    private readonly CudaFunction _countChunks;
    private readonly CudaFunction _orderChunks;
    private readonly CudaArray<int> _chunkCounts;
    private readonly List<IDisposable> _arrays = [];
    private readonly int _experts;

    /// <summary>Allocates the arrays.</summary>
    /// <param name="driver">The driver.</param>
    /// <param name="loader">Loads the kernels.</param>
    /// <param name="stream">The stream of all work.</param>
    /// <param name="staging">Copies the arrays; its stream is <paramref name="stream"/>.</param>
    /// <param name="maxTokens">Maximum number of tokens in a step.</param>
    /// <param name="maxTopK">Maximum number of experts per token.</param>
    /// <param name="experts">Number of routed experts in a layer.</param>
    public CudaRoutedRows(
        ICudaDriver driver, KernelLoader loader, nint stream, RowStaging staging, int maxTokens, int maxTopK, int experts)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(experts, RoutingKernels.MaxExperts);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxTopK, Math.Min(experts, RoutingKernels.MaxTopK));
        (_stream, _experts) = (stream, experts);
        _chooseAndOrder = new CudaFunction(driver, loader, RoutingOrderKernels.ChooseAndOrder, RoutingOrderKernels.SharedBytes);
        _choose = new CudaFunction(driver, loader, RoutingKernels.ChooseExperts);
        _orderChunk = new CudaFunction(driver, loader, RoutingOrderKernels.OrderChunk, RoutingOrderKernels.SharedBytes);
        _countChunks = new CudaFunction(driver, loader, RoutingOrderKernels.CountChunks, RoutingOrderKernels.SharedBytes);
        _orderChunks = new CudaFunction(driver, loader, RoutingOrderKernels.OrderChunks, RoutingOrderKernels.SharedBytes);
        int entries = maxTokens * maxTopK;
        CudaArray<T> Array<T>(int length)
            where T : unmanaged
        {
            CudaArray<T> array = new(driver, staging, length);
            _arrays.Add(array);
            return array;
        }

        try
        {
            Experts = Array<int>(entries);
            Weights = Array<float>(entries);
            RowOf = Array<int>(entries);
            TokenOf = Array<int>(entries);
            Counts = Array<int>(experts);
            Starts = Array<int>(experts + 1);
            _chunkCounts = Array<int>(Chunks(entries) * experts);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Number of tokens in the step.</summary>
    public int Tokens { get; private set; }

    /// <summary>Number of experts per token.</summary>
    public int TopK { get; private set; }

    /// <summary>Number of rows sent to experts: tokens * top-k.</summary>
    public int Rows => Tokens * TopK;

    /// <summary>[tokens, top-k]: expert numbers, ascending for each token.</summary>
    public CudaArray<int> Experts { get; }

    /// <summary>[tokens, top-k]: the factor of the expert's output.</summary>
    public CudaArray<float> Weights { get; }

    /// <summary>[tokens, top-k]: the number of the row that is sent to this expert for this token.</summary>
    public CudaArray<int> RowOf { get; }

    /// <summary>[rows]: the token of each sent row.</summary>
    public CudaArray<int> TokenOf { get; }

    /// <summary>[experts]: number of rows that each expert receives.</summary>
    public CudaArray<int> Counts { get; }

    /// <summary>[experts + 1]: the first row of each expert, and the number of rows.</summary>
    public CudaArray<int> Starts { get; }

    /// <summary>Chooses the experts of tokens and orders the rows.</summary>
    /// <param name="logits">float32 [tokens, experts].</param>
    /// <param name="tokens">Number of tokens, at least 1.</param>
    /// <param name="topK">Number of experts per token, at least 1.</param>
    public void Route(CudaActivation logits, int tokens, int topK)
    {
        logits.Check(0, tokens, nameof(tokens));
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(topK, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(topK, Math.Min(_experts, RoutingKernels.MaxTopK));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens * topK, Experts.Length, nameof(tokens));
        if (logits.Type != ElementType.F32 || logits.Columns != _experts)
        {
            throw new ArgumentException($"The logits are {logits.Type}[{logits.Columns}] instead of F32[{_experts}].", nameof(logits));
        }

        (Tokens, TopK) = (tokens, topK);
        if (tokens <= RoutingOrderKernels.MaxTokensAtOnce)
        {
            ChooseAndOrder(logits);
            return;
        }

        Choose(logits);
        int chunks = Chunks(Rows);
        if (chunks == 1)
        {
            OrderChunk();
        }
        else
        {
            CountChunks(chunks);
            OrderChunks(chunks);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable array in _arrays)
        {
            array.Dispose();
        }
    }

    private static int Chunks(int entries) => (entries + RoutingOrderKernels.ChunkLength - 1) / RoutingOrderKernels.ChunkLength;

    private void ChooseAndOrder(CudaActivation logits)
    {
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(logits.Address);
        arguments.Add(logits.Stride);
        arguments.Add(Tokens);
        arguments.Add(_experts);
        arguments.Add(TopK);
        arguments.Add(Experts.Address);
        arguments.Add(Weights.Address);
        arguments.Add(Counts.Address);
        arguments.Add(Starts.Address);
        arguments.Add(RowOf.Address);
        arguments.Add(TokenOf.Address);
        _chooseAndOrder.LaunchAsync(new CudaGrid(1), _stream, arguments);
    }

    private void Choose(CudaActivation logits)
    {
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(logits.Address);
        arguments.Add(logits.Stride);
        arguments.Add(Tokens);
        arguments.Add(_experts);
        arguments.Add(TopK);
        arguments.Add(Experts.Address);
        arguments.Add(Weights.Address);
        int blocks = (Tokens + RoutingKernels.TokensPerBlock - 1) / RoutingKernels.TokensPerBlock;
        _choose.LaunchAsync(new CudaGrid(blocks), _stream, arguments);
    }

    private void OrderChunk()
    {
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(Experts.Address);
        arguments.Add(Rows);
        arguments.Add(TopK);
        arguments.Add(_experts);
        arguments.Add(Counts.Address);
        arguments.Add(Starts.Address);
        arguments.Add(RowOf.Address);
        arguments.Add(TokenOf.Address);
        _orderChunk.LaunchAsync(new CudaGrid(1), _stream, arguments);
    }

    private void CountChunks(int chunks)
    {
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(Experts.Address);
        arguments.Add(Rows);
        arguments.Add(_experts);
        arguments.Add(_chunkCounts.Address);
        _countChunks.LaunchAsync(new CudaGrid(chunks), _stream, arguments);
    }

    private void OrderChunks(int chunks)
    {
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(Experts.Address);
        arguments.Add(Rows);
        arguments.Add(TopK);
        arguments.Add(_experts);
        arguments.Add(_chunkCounts.Address);
        arguments.Add(Counts.Address);
        arguments.Add(Starts.Address);
        arguments.Add(RowOf.Address);
        arguments.Add(TokenOf.Address);
        _orderChunks.LaunchAsync(new CudaGrid(chunks), _stream, arguments);
    }
}
