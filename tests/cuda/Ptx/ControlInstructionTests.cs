using Xunit;

namespace HunyuanOrleans.Cuda.Tests;

public sealed class ControlInstructionTests
{
    private const string Address = "mov.u32 %r1, %tid.x; mul.wide.u32 %d1, %r1, 4; add.u64 %d1, %d1, %d30;\n";

    [Fact]
    public void Loops_of_different_lengths_meet_again()
    {
        // Lane i adds 0 to i, and all lanes shuffle when all have left the loop.
        uint[] result = new TestKernel(Address + """
            mov.u32 %r2, 0; mov.u32 %r3, 0;
            loop:
            setp.gt.u32 %p1, %r3, %r1;
            @%p1 bra done;
            add.u32 %r2, %r2, %r3;
            add.u32 %r3, %r3, 1;
            bra.uni loop;
            done:
            shfl.sync.bfly.b32 %r4, %r2, 1, 31, 0xffffffff;
            st.global.u32 [%d1], %r4;
            """).Run<uint>(32);
        Assert.Equal(Enumerable.Range(0, 32).Select(static i => (uint)((i ^ 1) * ((i ^ 1) + 1) / 2)), result);
    }

    [Fact]
    public void Lanes_that_come_early_wait_for_the_others()
    {
        // The shuffle stands before the loop in the text, so that the lanes that need no loop arrive first.
        uint[] result = new TestKernel(Address + """
            mov.u32 %r2, 0;
            bra check;
            together:
            shfl.sync.down.b32 %r3, %r2, 1, 31, 0xffffffff;
            st.global.u32 [%d1], %r3;
            ret;
            check:
            setp.ge.u32 %p1, %r2, %r1;
            @%p1 bra together;
            add.u32 %r2, %r2, 1;
            bra check;
            """).Run<uint>(32);
        Assert.Equal(Enumerable.Range(0, 32).Select(static i => (uint)Math.Min(i + 1, 31)), result);
    }

    [Fact]
    public void Both_sides_of_a_branch_run()
    {
        uint[] result = new TestKernel(Address + """
            and.b32 %r2, %r1, 3;
            setp.eq.u32 %p1, %r2, 0;
            @%p1 bra a;
            setp.eq.u32 %p2, %r2, 1;
            @!%p2 bra b;
            mov.u32 %r3, 11;
            bra join;
            a: mov.u32 %r3, 10;
            bra join;
            b: mov.u32 %r3, 12;
            join: st.global.u32 [%d1], %r3;
            """).Run<uint>(32);
        Assert.Equal(Enumerable.Range(0, 32).Select(static i => (i % 4) switch { 0 => 10u, 1 => 11u, _ => 12u }), result);
    }

    [Fact]
    public void Predicates_choose_lanes_of_any_instruction()
    {
        uint[] result = new TestKernel(Address + """
            setp.lt.u32 %p1|%p2, %r1, 5;
            @%p1 mov.u32 %r2, 1;
            @!%p1 mov.u32 %r2, 2;
            @%p2 add.u32 %r2, %r2, 10;
            st.global.u32 [%d1], %r2;
            """).Run<uint>(32);
        Assert.Equal(Enumerable.Range(0, 32).Select(static i => i < 5 ? 1u : 12u), result);
    }

    [Fact]
    public void Indexed_branches()
    {
        uint[] result = new TestKernel(Address + """
            rem.u32 %r2, %r1, 3;
            table: .branchtargets zero, one, two;
            brx.idx %r2, table;
            zero: mov.u32 %r3, 100;
            bra join;
            one: mov.u32 %r3, 101;
            bra join;
            two: mov.u32 %r3, 102;
            join: st.global.u32 [%d1], %r3;
            """).Run<uint>(32);
        Assert.Equal(Enumerable.Range(0, 32).Select(static i => 100 + (uint)(i % 3)), result);
    }

    [Fact]
    public void Lanes_may_end_early()
    {
        uint[] result = new TestKernel(Address + """
            setp.gt.u32 %p1, %r1, 20;
            @%p1 ret;
            st.global.u32 [%d1], %r1;
            """).Run<uint>(32);
        Assert.Equal(Enumerable.Range(0, 32).Select(static i => i > 20 ? 0xcdcdcdcd : (uint)i), result);
    }

    [Fact]
    public void Barriers_order_warps_and_blocks_have_their_own_memory()
    {
        TestKernel kernel = new("""
            mov.u32 %r1, %tid.x; mov.u32 %r2, %ctaid.x; mov.u32 %r3, dynamic_shared;
            mad.lo.u32 %r4, %r1, 4, %r3;
            mad.lo.u32 %r5, %r2, 1000, %r1;
            st.shared.u32 [%r4], %r5;
            bar.sync 0;
            xor.b32 %r6, %r1, 64;
            mad.lo.u32 %r7, %r6, 4, %r3;
            ld.shared.u32 %r8, [%r7];
            mad.lo.u32 %r9, %r2, 128, %r1;
            mul.wide.u32 %d1, %r9, 4; add.u64 %d1, %d1, %d30;
            st.global.u32 [%d1], %r8;
            """) { Threads = 128, Blocks = 5, SharedBytes = 512 };
        Assert.Equal(Enumerable.Range(0, 640).Select(static i => (uint)((1000 * (i / 128)) + (i % 128 ^ 64))), kernel.Run<uint>(640));
    }
}
