using System.Runtime.CompilerServices;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Attention;

/// <summary>
/// The panel kernels of attention for keys or values: those that read nothing ahead, and those that read ahead the keys or values of a later tile. In
/// decode these lie in pieces too short for the hardware prefetcher, and a core can have few cache misses open at once, so their lines are
/// spread over the multiplications.
/// </summary>
internal sealed unsafe class KvKernels
{
    private const int Line = 64;
    private const int MaxLines = 16;
    private readonly PanelKernelTable[] _tables;
    private readonly bool _pieces;
    private readonly int _rowsPerCall;

    /// <summary>Creates the kernels.</summary>
    /// <param name="kernels">The kernels of an instruction set.</param>
    /// <param name="type">F32 or BF16.</param>
    /// <param name="panels">Panels in a call.</param>
    /// <param name="columns">Weights in a step.</param>
    /// <param name="pieces">Whether the weights lie in pieces.</param>
    public KvKernels(PanelKernels kernels, ElementType type, int panels, int columns, bool pieces)
    {
        _pieces = pieces;
        _tables = [.. Enumerable.Range(0, MaxLines + 1).Select(lines => kernels.GetTable(type, panels, columns * 4, ReadAhead.NextWeights(lines), pieces))];
        _rowsPerCall = panels == PanelKernels.BlockPanels ? _tables[0].TileTokens : _tables[0].MaxTokens;
    }

    /// <summary>How many lines must be read ahead for each group of steps.</summary>
    /// <param name="bytes">Bytes to read ahead.</param>
    /// <param name="steps">Steps of all calls that read them ahead.</param>
    public static int Lines(long bytes, long steps)
    {
        long groups = steps / PanelKernels.StepUnit;
        return (int)Math.Min(MaxLines, ((bytes / Line) + groups - 1) / groups);
    }

    /// <summary>Number of kernel calls for so many rows.</summary>
    public int Calls(int rows) => (rows + _rowsPerCall - 1) / _rowsPerCall;

    /// <summary>Looks up the kernels for so many rows, so that no step of decode has to generate them.</summary>
    /// <param name="rows">Number of rows.</param>
    /// <param name="lines">Lines to read ahead for each group of steps.</param>
    public void Prepare(int rows, int lines)
    {
        int calls = Calls(rows);
        for (int call = 0; call < calls; call++)
        {
            _tables[0].Prepare((rows * (call + 1) / calls) - (rows * call / calls));
            _tables[lines].Prepare((rows * (call + 1) / calls) - (rows * call / calls));
        }
    }

    /// <summary>Multiplies rows [from, to) of x, in tiles of nearly equal size.</summary>
    /// <param name="args">The weights, strides and steps. <see cref="PanelArgs.Next"/>, or the second address of each piece, is advanced by what was read ahead.</param>
    /// <param name="x">x of row 0.</param>
    /// <param name="y">Results of row 0.</param>
    /// <param name="from">First row.</param>
    /// <param name="to">The row after the last.</param>
    /// <param name="lines">Lines to read ahead for each group of steps.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Multiply(ref PanelArgs args, byte* x, float* y, int from, int to, int lines)
    {
        PanelKernelTable table = _tables[lines];
        int calls = Calls(to - from);
        long bytes = args.Steps / PanelKernels.StepUnit * lines * Line;
        for (int call = 0; call < calls; call++)
        {
            int row = from + ((to - from) * call / calls);
            args.X = x + (row * args.XStride);
            args.Y = (float*)((byte*)y + (row * args.YStride));
            args.Tokens = from + ((to - from) * (call + 1) / calls) - row;
            fixed (PanelArgs* pointer = &args)
            {
                table.Call(pointer);
            }

            args.Next += bytes;
            for (int piece = 0; _pieces && piece < args.PieceCount; piece++)
            {
                args.Pieces[(2 * piece) + 1] += bytes;
            }
        }
    }
}
