using HunyuanOrleans.Kernels.Panels;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>
/// Writes the panel kernel for weights of F8E4M3 and x of bfloat16: codes become bfloat16 in registers, by look-ups in tables that lie
/// behind the code, and are multiplied by vdpbf16ps. The order of sums is that of the bfloat16 kernels over the expanded weights.
/// </summary>
internal sealed class E4M3PanelCode : PanelCode
{
    // Registers from here on hold what is being expanded, masks and tables.
    private const int FirstTemporary = 21;
    private static readonly AssemblerRegisterZMM Codes = zmm21, Low = zmm22, High = zmm23, Even = zmm24, Odd = zmm25;
    private static readonly AssemblerRegisterZMM LowerBytes = zmm26, Signs = zmm27;
    private static readonly AssemblerRegisterZMM[] Tables = [zmm28, zmm29, zmm30, zmm31];
    private Label _tables;

    /// <summary>For a tile shape that <see cref="FitsExpanding"/>.</summary>
    public E4M3PanelCode(int tokens, int panels, int weightStride, ReadAhead ahead, bool pieces)
        : base(DotProduct.Bf16Pairs, tokens, panels, weightStride, ahead, pieces) => _tables = C.CreateLabel();

    protected override int XStepBytes => 4 * E4M3Expansion.Factor;

    /// <summary>Whether a tile fits the register file beside tables and temporaries.</summary>
    public static bool FitsExpanding(int tokens, int panels) => Fits(tokens, panels) && tokens * panels <= FirstTemporary;

    protected override void Prepare()
    {
        C.lea(rax, __[_tables]);
        for (int i = 0; i < Tables.Length; i++)
        {
            C.vmovdqu64(Tables[i], __zmmword_ptr[rax + (i * 64)]);
        }

        C.mov(eax, 0x00FF00FF);
        C.vpbroadcastd(LowerBytes, eax);
        C.mov(eax, 0x80808080);
        C.vpbroadcastd(Signs, eax);
    }

    protected override void Step(int u)
    {
        // Truth tables: a | (b & c), and a | (b & ~c).
        const byte OrAnd = 0xF8;
        const byte OrAndNot = 0xF4;
        for (int p = 0; p < Panels; p++)
        {
            LoadWeight(Codes, u, p);
            C.vmovdqa64(Low, Codes);
            C.vpermi2b(Low, Tables[0], Tables[1]);
            C.vmovdqa64(High, Codes);
            C.vpermi2b(High, Tables[2], Tables[3]);
            C.vpternlogd(High, Codes, Signs, OrAnd);
            C.vpsllw(Even, High, 8);
            C.vpternlogd(Even, Low, LowerBytes, OrAnd);
            C.vpsrlw(Odd, Low, 8);
            C.vpternlogd(Odd, High, LowerBytes, OrAndNot);
            for (int t = 0; t < Tokens; t++)
            {
                C.vdpbf16ps(Sum(t, p), Even, Token(__dword_bcst, t, u * XStepBytes));
            }

            for (int t = 0; t < Tokens; t++)
            {
                C.vdpbf16ps(Sum(t, p), Odd, Token(__dword_bcst, t, (u * XStepBytes) + 4));
            }
        }

        ReadNext(u);
    }

    protected override void Finish()
    {
        C.Label(ref _tables);
        C.db(E4M3Expansion.Tables);
    }
}
