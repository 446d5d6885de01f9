using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Cuda.Rows;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>The experts chosen on the device. The host copies of the arrays are fetched when somebody reads them.</summary>
internal sealed class CudaRouted(CudaRoutedRows rows, int experts) : IRoutedRows, ICudaRowGroups
{
    private readonly int[] _counts = new int[experts];
    private readonly int[] _experts = new int[rows.Experts.Length];
    private readonly float[] _weights = new float[rows.Weights.Length];
    private readonly int[] _tokens = new int[rows.TokenOf.Length];
    private bool _hasCounts;
    private bool _hasChoices;
    private bool _hasTokens;

    /// <summary>The arrays in device memory.</summary>
    public CudaRoutedRows Device => rows;

    /// <inheritdoc/>
    public int Tokens { get; private set; }

    /// <inheritdoc/>
    public int TopK { get; private set; }

    /// <inheritdoc/>
    public int Rows => Tokens * TopK;

    /// <inheritdoc/>
    public int FirstExpert => 0;

    /// <inheritdoc/>
    public bool AreCountsKnown => _hasCounts;

    /// <inheritdoc/>
    public ReadOnlySpan<int> Counts
    {
        get
        {
            if (!_hasCounts)
            {
                rows.Counts.CopyOut(_counts);
                _hasCounts = true;
            }

            return _counts;
        }
    }

    /// <inheritdoc/>
    public (int Experts, ProductTokens Tokens) Ranges => (experts, new ProductTokens(Tokens, Rows, rows.Starts.Address));

    /// <inheritdoc/>
    public ReadOnlySpan<int> ExpertsOf(int token)
    {
        Fetch();
        return _experts.AsSpan(token * TopK, TopK);
    }

    /// <inheritdoc/>
    public ReadOnlySpan<float> WeightsOf(int token)
    {
        Fetch();
        return _weights.AsSpan(token * TopK, TopK);
    }

    /// <inheritdoc/>
    public ReadOnlySpan<int> TokensOfRows
    {
        get
        {
            Span<int> tokens = _tokens.AsSpan(0, Rows);
            if (!_hasTokens)
            {
                rows.TokenOf.CopyOut(tokens);
                _hasTokens = true;
            }

            return tokens;
        }
    }

    /// <inheritdoc/>
    public void Begin(int tokens, int topK)
    {
        (Tokens, TopK) = (tokens, topK);
        _hasCounts = _hasChoices = _hasTokens = topK == 0;
        if (topK == 0)
        {
            Array.Clear(_counts);
        }
    }

    /// <summary>Chooses the experts.</summary>
    public void Route(Memory.CudaActivation scores) => rows.Route(scores, Tokens, TopK);

    /// <inheritdoc/>
    public void Dispose() => rows.Dispose();

    private void Fetch()
    {
        if (!_hasChoices)
        {
            rows.Experts.CopyOut(_experts.AsSpan(0, Rows));
            rows.Weights.CopyOut(_weights.AsSpan(0, Rows));
            _hasChoices = true;
        }
    }
}
