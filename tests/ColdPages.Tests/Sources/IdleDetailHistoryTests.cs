using FsCheck;
using FsCheck.Fluent;

namespace ColdPages.Tests;

/// <summary>Random histories of a simulated host: in which state and on which node idle memory is told to be.</summary>
public sealed class IdleDetailHistoryTests
{
    private const int Histories = 150;

    private readonly long[] _tested = new long[5];

    [Fact]
    public void What_is_told_of_the_state_of_memory_is_right()
    {
        int histories = RandomHistories.Count(Histories);
        Check.One(RandomHistories.Config(histories), Prop.ForAll<byte, byte, (byte Action, byte Which, byte Size)[]>(Happen));
        Assert.All(_tested, pages => Assert.True(pages > histories, $"pages put to the test: {string.Join(", ", _tested)}"));
    }

    private void Happen(byte sizes, byte flags, (byte Action, byte Which, byte Size)[] steps)
    {
        IdleBitmapHistory history = new(IdleBitmapHistory.OptionsFrom(sizes, flags) with { Nodes = 1 + (flags % 3), StatLag = 0 });
        IdleDetailProof proof = new(history.Run);
        for (int i = 0; i < steps.Length; i++)
        {
            (byte action, byte which, byte size) = steps[i];
            history.ChangeState(size, (byte)(which ^ action));
            history.Step(action, which, size);
            if (i % 4 == 3)
                CheckAfterMore(history, proof, action, which);
        }

        CheckAfterMore(history, proof, 14, 40);
        for (int i = 0; i < _tested.Length; i++)
            _tested[i] += proof.Tested[i];
    }

    // Right after a pass, and once more when something else has happened.
    private static void CheckAfterMore(IdleBitmapHistory history, IdleDetailProof proof, byte action, byte which)
    {
        history.Pass();
        proof.Check();
        if (action % 32 is 24 or 25 or 27)
            return; // The tree and the number of frames are as they were when the pass looked.
        history.Step((byte)(7 + (action % 17)), which, 30);
        if (!history.Run.InPass)
            proof.Check();
    }
}
