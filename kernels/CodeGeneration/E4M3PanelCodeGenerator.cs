using HunyuanOrleans.Kernels.Panels;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace HunyuanOrleans.Kernels.CodeGeneration;

/// <summary>
/// Generates panel kernels for F8E4M3 weights and bfloat16 x. They expand codes to bfloat16 in registers, by look-up in tables that follow the
/// code, and multiply with vdpbf16ps. The order of summation is that of the bfloat16 kernels with expanded weights.
/// </summary>
internal sealed class E4M3PanelCodeGenerator : PanelCodeGenerator
{
    // Registers from this number on hold intermediate values of the expansion, masks and tables.
    private const int FirstTemporary = 21;
    private static readonly AssemblerRegisterZMM Codes = zmm21, Low = zmm22, High = zmm23, Even = zmm24, Odd = zmm25;
    private static readonly AssemblerRegisterZMM LowerBytes = zmm26, Signs = zmm27;
    private static readonly AssemblerRegisterZMM[] Tables = [zmm28, zmm29, zmm30, zmm31];
    private Label _tables;

    /// <summary>Creates the generator for a tile shape that <see cref="FitsExpanding"/> accepts.</summary>
    public E4M3PanelCodeGenerator(in PanelShape shape)
        : base(DotProduct.Bf16Pairs, in shape) => _tables = C.CreateLabel();

    protected override int XStepBytes => 8;

    /// <summary>Whether the sums of a tile fit the registers that tables and intermediate values leave free.</summary>
    public static bool FitsExpanding(int tokens, int panels) => Fits(tokens, panels) && tokens * panels <= FirstTemporary;

    protected override void WriteProlog()
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

    protected override void MultiplyStep(int u)
    {
        // Truth tables of vpternlogd for a | (b & c) and a | (b & ~c).
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

        PrefetchNext(u);
    }

    protected override void WriteData()
    {
        C.Label(ref _tables);
        C.db(E4M3Expansion.Tables);
    }
}
